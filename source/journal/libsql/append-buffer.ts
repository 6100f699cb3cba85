import type { PositionedEvent, RunEvent } from '../event.js';
import type { Binding, Connection, Written } from './connection.js';
import { fencedOut } from './ownership.js';
import { addEventRow } from './rows.js';
import * as sql from './statements.js';
import type { StoredPayloads } from './stored-payloads.js';

interface Row {
  readonly num: number;
  readonly event: RunEvent;
  readonly runId: string;
  readonly link: number;
  readonly positioned: PositionedEvent[];
}

/** Events of one statement: larger ones gain nothing (measured), and each size is a prepared statement. */
const rowsPerStatement = 50;

/** The text of each size is made once: it is long, and looked up by its characters. */
const texts = (textOf: (rows: number) => string): ((rows: number) => string) => {
  const made: string[] = [];
  return (rows) => (made[rows] ??= textOf(rows));
};

const appendEvents = texts(sql.appendEvents);
const insertEvents = texts(sql.insertEvents);

/** The events that all runs append in one transaction: they are written together, in a few statements. */
export class AppendBuffer {
  readonly #connection: Connection;
  readonly #payloads: StoredPayloads;
  #started: Row[] = [];
  #rows: Row[] = [];

  constructor(connection: Connection, payloads: StoredPayloads) {
    this.#connection = connection;
    this.#payloads = payloads;
  }

  /** Answers with a list that has the events with their positions once they are written. */
  add(num: number, runId: string, link: number, events: readonly RunEvent[]): readonly PositionedEvent[] {
    const positioned: PositionedEvent[] = [];
    for (const event of events) {
      this.#rows.push({ num, event, runId, link, positioned });
    }
    return positioned;
  }

  /** The same for the first event of a run that nobody owns yet: it needs no proof, and is written before the others. */
  addStarted(num: number, runId: string, event: RunEvent): readonly PositionedEvent[] {
    const positioned: PositionedEvent[] = [];
    this.#started.push({ num, event, runId, link: 0, positioned });
    return positioned;
  }

  writeStarted(): void {
    const rows = this.#started;
    if (rows.length === 0) return;
    this.#started = [];
    for (let from = 0; from < rows.length; from += rowsPerStatement) {
      const some = rows.slice(from, from + rowsPerStatement);
      place(some, this.#connection.run(insertEvents(some.length), bindingsOf(some, this.#payloads)));
    }
  }

  /** Writes what was added, in order, each statement with the proof that this worker still owns the database. */
  write(proof: () => readonly Binding[]): void {
    this.writeStarted();
    const rows = this.#rows;
    this.#rows = [];
    for (let from = 0; from < rows.length; from += rowsPerStatement) {
      const some = rows.length <= rowsPerStatement ? rows : rows.slice(from, from + rowsPerStatement);
      const bindings = bindingsOf(some, this.#payloads);
      bindings.push(...proof());
      const appended = this.#connection.run(appendEvents(some.length), bindings);
      if (appended.changes !== some.length) throw fencedOut();
      place(some, appended);
    }
  }

  clear(): void {
    this.#started = [];
    this.#rows = [];
  }
}

const bindingsOf = (rows: readonly Row[], payloads: StoredPayloads): Binding[] => {
  const bindings: Binding[] = [];
  for (const row of rows) addEventRow(bindings, row, payloads);
  return bindings;
};

/** The rows of one statement have consecutive positions. */
const place = (rows: readonly Row[], { lastInsertRowid }: Written): void => {
  let position = lastInsertRowid - rows.length;
  for (const { event, runId, link, positioned } of rows) {
    position += 1;
    positioned.push({ position, runId, link, event });
  }
};
