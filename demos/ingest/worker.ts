/** The process that gets killed: it opens the file, goes on with the run (or starts it), and says how far it is. */
import { Tempolite } from '../../source/index.js';
import { openTables } from './tables.js';
import { ingestOf } from './workflow.js';

const [database = '', data = ''] = process.argv.slice(2);
const tell = (message: object): void => {
  process.send?.(message);
};

const ingest = ingestOf(openTables(database));
await using tempolite = await Tempolite.open({
  url: `file:${database}`,
  workflows: [ingest],
  maxPayloadBytes: 64 << 20,
});
const run = await tempolite.start(ingest, data, { id: 'ingest' });

let told = 0;
run.state$.subscribe(({ events, activities, status }) => {
  if (events - told < 50 && status === 'running') return;
  told = events;
  tell({ events, activities, status });
});

tell({ result: await run.result() });
process.disconnect();
