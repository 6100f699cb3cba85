import Table from 'cli-table3';
import Database from 'libsql';
import { inFlight } from './workflow.js';

interface Told {
  readonly records: number;
  readonly result: unknown;
  /** Events in the journal at each kill: all of them are replayed by the next worker. */
  readonly replayed: readonly number[];
  readonly seconds: number;
}

const one = (database: InstanceType<typeof Database>, sql: string): number => {
  const [row] = database.prepare(sql).raw(true).all([]) as number[][];
  return row?.[0] ?? 0;
};

/** Events in the journal of a file whose worker is dead. */
export const recordedEvents = (path: string): number => {
  const database = new Database(path, { timeout: 5000 });
  const count = one(database, 'SELECT count(*) FROM tempolite_events');
  database.close();
  return count;
};

/** Counts in the user's own tables, after the fact, and says whether each record is there once. */
export const proofOf = (
  path: string,
  { records, result, replayed, seconds }: Told,
): { table: string; holds: boolean } => {
  const database = new Database(path, { timeout: 5000 });
  const films = one(database, 'SELECT count(*) FROM films');
  const rejected = one(database, 'SELECT count(*) FROM dead_letters');
  const both = one(database, 'SELECT count(*) FROM films JOIN dead_letters USING (row)');
  const distinct = one(database, 'SELECT count(*) FROM (SELECT row FROM films UNION SELECT row FROM dead_letters)');
  const executions = one(database, 'SELECT count(*) FROM executions');
  const twice = one(database, 'SELECT count(*) FROM executions WHERE times > 1');
  const retries = one(database, "SELECT count(*) FROM tempolite_events WHERE type = 'activity-attempt-failed'");
  const events = one(database, 'SELECT count(*) FROM tempolite_events');
  const paths = database
    .prepare('SELECT path, count(*) FROM dead_letters GROUP BY path ORDER BY 2 DESC')
    .raw(true)
    .all([]) as [string, number][];
  database.close();

  const mostTwice = inFlight * replayed.length;
  const holds = films + rejected === records && distinct === records && both === 0 && twice <= mostTwice;
  const table = new Table({ head: ['what', 'count'], style: { head: [], border: [] } });
  table.push(
    ['records in the file', records],
    ['films stored', films],
    [`dead letters (${paths.map(([name, count]) => `${name} ${count}`).join(', ')})`, rejected],
    ['records in both tables, in neither', `${both}, ${records - distinct}`],
    ['workers killed by SIGKILL', replayed.length],
    ['events replayed after each kill', replayed.join(', ')],
    ['events in the journal', events],
    ['executions of activities', executions],
    ['failed attempts, retried', retries],
    [`executed twice (in flight at a kill; at most ${mostTwice})`, twice],
    ['result of the run', JSON.stringify(result)],
    ['seconds, with three process starts', seconds.toFixed(1)],
    ['records per second', Math.round(records / seconds)],
  );
  return { table: table.toString(), holds };
};
