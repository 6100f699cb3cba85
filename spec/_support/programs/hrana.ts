import type { Fault, FaultMatch } from '../hrana/faults.js';
import { startHrana } from '../hrana/server.js';
import type { Settings } from '../hrana/settings.js';

/** The database server in a process of its own, so that several others can share it. Faults come as messages `{ fault, match }`. */
const [path = '', options = '{}'] = process.argv.slice(2);
const server = await startHrana(path, JSON.parse(options) as Partial<Settings>);

process.on('message', ({ fault, match }: { readonly fault: Fault; readonly match?: FaultMatch }) => {
  server.faults.plan(fault, match);
  process.send?.({ planned: true });
});
process.on('disconnect', () => process.exit());
process.send?.({ http: server.http, ws: server.ws });
