// One of several processes on one database: it executes, starts, signals and awaits runs until it is told to stop.
// Arguments: url, the file that is the outside world, its name, how long its lease is.
import { appendFileSync } from 'node:fs';
import { of, timeout, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  childWorkflow,
  defineSignal,
  saga,
  sleep,
  step,
  Tempolite,
  TempoliteError,
  workflow,
} from '../../source/index.js';
import { deferred } from '../_support/engine.js';

const [url = '', world = '', name = '', leaseMs = '1000'] = process.argv.slice(2);

const go = defineSignal<string>('go');

/** An effect on the outside world: a line in a file. Whoever reads it counts a key once. */
const effect = (key: string): void => {
  appendFileSync(world, `${key}\n`);
};

const parcel = workflow('parcel', (n$: Observable<number>) =>
  n$.pipe(
    activity('pack', (n: number, { idempotencyKey }) => {
      effect(idempotencyKey);
      return n;
    }),
    sleep('dry', 20),
  ),
);

const order = workflow('order', (n$: Observable<number>) =>
  n$.pipe(
    activity('charge', (n: number, { idempotencyKey }) => {
      effect(idempotencyKey);
      return n;
    }),
    awaitSignal(go, (_, n) => n),
    timeout({ first: 2000, with: () => of(-1) }),
    saga(
      'trip',
      step('flight', (n: number, { idempotencyKey }) => {
        effect(idempotencyKey);
        return n;
      }),
      step('hotel', (n: number, { idempotencyKey }) => {
        effect(idempotencyKey);
        return n;
      }),
    ),
    childWorkflow(parcel),
  ),
);

const closing = deferred();
let isStopping = false;
let started = 0;
process.on('message', (message) => {
  if (message === 'stop') isStopping = true;
  if (message === 'close') closing.resolve();
});

const tell = (what: object): void => {
  process.send?.({ name, ...what });
};

/** Whatever reaches a user. */
const failed = (error: unknown): void => {
  const { code, message } = error instanceof TempoliteError ? error : { code: 'NONE', message: String(error) };
  if (code !== 'ENGINE_CLOSED') tell({ error: `${code}: ${message}` });
};

const tempolite = await Tempolite.open({
  url,
  workflows: [order, parcel],
  leaseMs: Number(leaseMs),
  evictAfterMs: 300,
  closeTimeoutMs: 200,
});

const one = async (): Promise<void> => {
  started += 1;
  const id = `${name}-${started}`;
  const run = await tempolite.start(order, started, { id, priority: started % 3 });
  tell({ started: id });
  // Every seventh comes to its end by its timeout.
  if (started % 7 > 0) await run.signal(go, 'go', { idempotencyKey: 'once' });
  await run.result();
  tell({ ended: id });
};

tell({ open: true });
await Promise.all(
  Array.from({ length: 8 }, async () => {
    while (!isStopping) await one().catch(failed);
  }),
);
tell({ stopped: true });
await closing.promise;
await tempolite.close();
process.disconnect();
