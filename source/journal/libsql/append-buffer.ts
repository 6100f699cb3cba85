import type { PositionedEvent, RunEvent } from '../event.js';
import type { Binding, Connection } from './connection.js';
import { fencedOut } from './ownership.js';
import { toEventRow } from './rows.js';
import * as sql from './statements.js';

interface Row {
  readonly event: RunEvent;
  readonly bindings: readonly Binding[];
  readonly runId: string;
  readonly link: number;
  readonly positioned: PositionedEvent[];
}

/** Events of one statement: larger ones gain nothing (measured), and each size is a prepared statement. */
const rowsPerStatement = 50;

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
      const bindings = [BigInt(num), BigInt(link), ...toEventRow(event)];
      this.#rows.push({ event, bindings, runId, link, positioned });
    }
    return positioned;
  }

  /** Writes what was added, in order, each statement with the proof that this worker still owns the database. */
  write(proof: () => readonly Binding[]): void {
    const rows = this.#rows;
    this.#rows = [];
    for (let from = 0; from < rows.length; from += rowsPerStatement) {
      const some = rows.slice(from, from + rowsPerStatement);
      const bindings = some.flatMap((row) => row.bindings);
      const isLast = from + rowsPerStatement >= rows.length;
      const statement = sql.appendEvents(some.length);
      const appended = isLast
        ? this.#connection.runLast(statement, [...bindings, ...proof()])
        : this.#connection.run(statement, [...bindings, ...proof()]);
      if (appended.changes !== some.length) throw fencedOut();
      const first = appended.lastInsertRowid - some.length + 1;
      some.forEach(({ event, runId, link, positioned }, place) => {
        positioned.push({ position: first + place, runId, link, event });
      });
    }
  }

  clear(): void {
    this.#rows = [];
  }
}
