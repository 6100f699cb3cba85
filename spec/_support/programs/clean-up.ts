// A run that is cancelled, and whose process is killed when one part of its clean-up is recorded and another is at work.
// Arguments: url, the file that is the outside world, `kill` | `live`.
import { appendFileSync } from 'node:fs';
import type { Observable } from 'rxjs';
import { finalizeWith, saga, step, Tempolite, workflow } from '../../../source/index.js';
import { deferred } from '../engine.js';

const [url = '', world = '', when = 'live'] = process.argv.slice(2);
const tidied = deferred();
const cancelled = deferred();

const tell = (what: string): void => {
  appendFileSync(world, `${what}\n`);
};

const cleaning = workflow('cleaning', (n$: Observable<number>) =>
  n$.pipe(
    saga(
      'both',
      step(
        'make',
        (n: number) => n,
        async () => {
          tell('unmake');
          if (when !== 'kill') return;
          await tidied.promise;
          process.kill(process.pid, 'SIGKILL');
        },
      ),
      step(
        'wait',
        async (n: number) => {
          if (when === 'kill') await cancelled.promise;
          return n;
        },
        () => undefined,
      ),
    ),
    finalizeWith('tidy', () => {
      tell('tidy');
    }),
  ),
);

const tempolite = await Tempolite.open({ url, workflows: [cleaning], closeTimeoutMs: 0 });
const run = await tempolite.start(cleaning, 1, { id: 'cleaning' });
if (when === 'kill') {
  tempolite.events$({ after: 0 }).subscribe(({ event }) => {
    if (event.type === 'cancel-requested') cancelled.resolve();
    if (event.type !== 'activity-completed') return;
    if (event.key.startsWith('finalizer:')) tidied.resolve();
    else if (event.key.includes('/make#')) void run.cancel();
  });
}
const code = await run.result().catch((error: unknown) => (error as { code: string }).code);
await tempolite.close();
process.send?.({ code });
process.disconnect();
