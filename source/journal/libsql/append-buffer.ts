import type { PositionedEvent, RunEvent } from '../event.js';
import type { Binding, Connection } from './connection.js';
import { fencedOut } from './ownership.js';
import { addEventRow } from './rows.js';
import * as sql from './statements.js';

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
const statements: string[] = [];

const appendEvents = (rows: number): string => (statements[rows] ??= sql.appendEvents(rows));

/** The events that all runs append in one transaction: they are written together, in a few statements. */
export class AppendBuffer {
  readonly #connection: Connection;
  #rows: Row[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Answers with a list that has the events with their positions once they are written. */
  add(num: number, runId: string, link: number, events: readonly RunEvent[]): readonly PositionedEvent[] {
    const positioned: PositionedEvent[] = [];
    for (const event of events) {
      this.#rows.push({ num, event, runId, link, positioned });
    }
    return positioned;
  }

  /** Writes what was added, in order, each statement with the proof that this worker still owns the database. */
  write(proof: () => readonly Binding[]): void {
    const rows = this.#rows;
    this.#rows = [];
    for (let from = 0; from < rows.length; from += rowsPerStatement) {
      const isLast = from + rowsPerStatement >= rows.length;
      const some = from === 0 && isLast ? rows : rows.slice(from, from + rowsPerStatement);
      const bindings: Binding[] = [];
      for (const { num, link, event } of some) addEventRow(bindings, num, link, event);
      bindings.push(...proof());
      const statement = appendEvents(some.length);
      const appended = isLast
        ? this.#connection.runLast(statement, bindings)
        : this.#connection.run(statement, bindings);
      if (appended.changes !== some.length) throw fencedOut();
      let position = appended.lastInsertRowid - some.length;
      for (const { event, runId, link, positioned } of some) {
        position += 1;
        positioned.push({ position, runId, link, event });
      }
    }
  }

  clear(): void {
    this.#rows = [];
  }
}
