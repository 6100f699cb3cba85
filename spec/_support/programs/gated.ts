// A worker whose activity waits for the word of the test.
// Arguments: url, the file that is the outside world, its name, how long its lease is.
import { appendFileSync } from 'node:fs';
import type { Observable } from 'rxjs';
import { activity, Tempolite, workflow, type Logger } from '../../../source/index.js';
import { deferred } from '../engine.js';

const [url = '', world = '', name = '', leaseMs = '400'] = process.argv.slice(2);
const gate = deferred();

const charging = workflow('charging', (n$: Observable<number>) =>
  n$.pipe(
    activity('charge', async (n: number, { idempotencyKey }) => {
      appendFileSync(world, `${idempotencyKey} by ${name}\n`);
      process.send?.({ began: n });
      await gate.promise;
      return `${n} charged by ${name}`;
    }),
  ),
);

const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (_, text) => process.send?.({ said: text }),
};

const tempolite = await Tempolite.open({
  url,
  workflows: [charging],
  leaseMs: Number(leaseMs),
  closeTimeoutMs: 0,
  logger,
});
process.on('message', (message) => {
  if (message === 'finish') gate.resolve();
  if (message === 'close')
    void tempolite.close().then(() => {
      process.disconnect();
    });
});
process.send?.({ open: true });
