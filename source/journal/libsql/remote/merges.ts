import type { UserBinding } from '../connection.js';
import { eventColumns, runColumns } from '../rows.js';
import { unpacked, type Query, type Rows } from './query.js';
import * as sql from './remote-statements.js';

type Args = Query['args'];

/**
 * The client and the server make much of each statement. Those of one kind can be said as one, which has what each member binds in a list
 * of JSON. Each member finds its own rows among what it gives, as if it had been said alone.
 */
export interface Merge {
  readonly sql: string;
  /** Merged statements come in the order in which a run needs them. */
  readonly stage: number;
  /** Whether one run may have several members, which keep their order. */
  readonly isOrdered: boolean;
  /** A member in the list. */
  rowOf(args: Args): string;
  /** The rows of each member. */
  divide(rows: Rows, members: readonly Query[]): readonly Rows[];
}

/** Parameters that come from a member, `m`. */
const ofMember = (text: string): string => {
  let place = 0;
  return text.replaceAll('?', () => `m.value ->> ${place++}`);
};

/** A number of JSON is as whole as it was. */
const toJson = (arg: UserBinding): unknown => (typeof arg === 'bigint' ? Number(arg) : arg);
const rowOf = (args: Args): string => JSON.stringify(args.map(toJson));

/** A run has one member, which binds its id in this place. */
const byRun =
  (idOf: (row: Rows[number]) => unknown, place: number) =>
  (rows: Rows, members: readonly Query[]): readonly Rows[] => {
    const found = new Map(rows.map((row) => [idOf(row), row]));
    return members.map(({ args }) => {
      const row = found.get(args[place]);
      return row ? [row] : [];
    });
  };

const packedId = (row: Rows[number]): unknown => unpacked(row)[1];

const insertRuns: Merge = {
  sql: `${sql.intoRuns} SELECT ${ofMember(sql.newRun)} FROM json_each(?) m WHERE true ORDER BY m.key ${sql.orFound}`,
  stage: 0,
  isOrdered: false,
  rowOf,
  divide: byRun(packedId, 0),
};

const insertStarted: Merge = {
  sql: `
  INSERT INTO tempolite_events (run, link, ${eventColumns})
  SELECT ${ofMember(sql.started)} FROM json_each(?) m CROSS JOIN tempolite_runs r WHERE r.id = m.value ->> 2 AND ${sql.hasNone}
  ORDER BY m.key RETURNING position, (SELECT id FROM tempolite_runs WHERE num = run)`,
  stage: 1,
  isOrdered: false,
  rowOf,
  divide: byRun(([, id]) => id, 2),
};

const appendEvents: Merge = {
  sql: `
  INSERT INTO tempolite_events (run, link, ${eventColumns})
  SELECT (SELECT num FROM tempolite_runs WHERE id = m.value ->> 0 AND (worker = m.value ->> 1 OR worker IS NULL)),
    m.value ->> 2, ${sql.eventOf('e.value')}
  FROM json_each(?) m CROSS JOIN json_each(m.value, '$[3]') e ORDER BY m.key, e.key RETURNING position`,
  stage: 2,
  isOrdered: true,
  // Its events are JSON already.
  rowOf: ([runId, worker, link, events]) =>
    `[${JSON.stringify(runId)},${JSON.stringify(worker)},${String(link)},${String(events)}]`,
  divide: (rows, members) => {
    // One statement gives positions in the order of its rows, but may tell them in any.
    const inOrder = [...rows].sort(([one], [other]) => Number(one) - Number(other));
    let from = 0;
    return members.map(({ rows: count = 0 }) => inOrder.slice(from, (from += count)));
  },
};

const proveOwners: Merge = {
  sql: `
  SELECT json(CASE WHEN EXISTS (SELECT 1 FROM json_each(?) m WHERE NOT ${ofMember(sql.isOwn)}) THEN 'not its own' ELSE '[]' END)`,
  stage: 2,
  isOrdered: true,
  rowOf,
  divide: (_, members) => members.map(() => []),
};

const claimRuns: Merge = {
  sql: `
  UPDATE tempolite_runs SET worker = m.value ->> 0 FROM json_each(?) m
  WHERE tempolite_runs.id = m.value ->> 1 AND (worker IS NULL OR worker = m.value ->> 2)
  RETURNING ${runColumns}`,
  stage: 3,
  isOrdered: false,
  rowOf,
  divide: byRun(([, id]) => id, 1),
};

const updateRuns: Merge = {
  sql: `
  UPDATE tempolite_runs SET ${ofMember(sql.newStatus)} FROM json_each(?) m WHERE tempolite_runs.id = m.value ->> 5
  RETURNING ${sql.packedRun}`,
  stage: 4,
  isOrdered: false,
  rowOf,
  divide: byRun(packedId, 5),
};

const merges: ReadonlyMap<string, Merge> = new Map([
  [sql.insertRun, insertRuns],
  [sql.insertStarted, insertStarted],
  [sql.appendEvents, appendEvents],
  [sql.proveOwner, proveOwners],
  [sql.claimRun, claimRuns],
  [sql.updateRun, updateRuns],
]);

export const mergeOf = ({ sql }: Query): Merge | undefined => merges.get(sql);

/** The statement for all of them. */
export const merged = (merge: Merge, members: readonly Query[]): Query => ({
  sql: merge.sql,
  args: [`[${members.map(({ args }) => merge.rowOf(args)).join(',')}]`],
});
