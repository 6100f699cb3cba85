// Closes an engine whose activities do not end by themselves, and says what keeps the process alive then. Arguments: url, the file that is the
// outside world.
import { appendFileSync } from 'node:fs';
import type { Observable } from 'rxjs';
import { activity, Tempolite, workflow } from '../../../source/index.js';
import { deferred } from '../engine.js';

const [url = '', world = ''] = process.argv.slice(2);
const began = [deferred(), deferred(), deferred()];
const aborted: string[] = [];
const before = process.getActiveResourcesInfo().sort();

const busy = workflow('busy', (n$: Observable<number>) =>
  n$.pipe(
    activity('stay', (n: number, { runId, signal, idempotencyKey }) => {
      appendFileSync(world, `${idempotencyKey}\n`);
      began[n]?.resolve();
      signal.addEventListener('abort', () => aborted.push(runId));
      return new Promise<string>(() => undefined);
    }),
  ),
);

const tempolite = await Tempolite.open({ url, workflows: [busy] });
for (const n of began.keys()) (await tempolite.start(busy, n, { id: `busy ${n}` })).state$.subscribe();
tempolite.events$().subscribe();
await Promise.all(began.map(({ promise }) => promise));
await tempolite.close({ timeoutMs: 1 });

// A timer may be there that keeps no process alive; it is not told apart from others.
const left = process.getActiveResourcesInfo();
for (const kind of before) if (left.includes(kind)) left.splice(left.indexOf(kind), 1);
process.send?.({ aborted: aborted.sort(), handles: left });
process.disconnect();
