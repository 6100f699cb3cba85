// npm run demo:order [-- --real SECONDS]: an order that waits for an approval, then three days, then ships. Under a clock that
// stands still the days pass at once; with --real they last so many seconds of yours.
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import * as t from 'io-ts';
import { delay, distinctUntilChanged, map, tap, timeout } from 'rxjs';
import {
  activity,
  awaitSignal,
  defineSignal,
  duration,
  now,
  sideEffect,
  Tempolite,
  wallClock,
  workflow,
} from '../source/index.js';
import { TestClock } from '../source/testing/index.js';

const Order = t.type({ id: t.string, total: t.number });
const Receipt = t.type({ id: t.string, tracking: t.string, shippedOn: t.string });

const { real } = parseArgs({ options: { real: { type: 'string' } } }).values;
const dayMs = real === undefined ? duration('1 day') : duration(`${Number(real)} seconds`) / 3;
const say = (line: string): void => {
  console.log(line);
};

const approval = defineSignal('approval', t.boolean);
let declined = 0;

const processOrder = workflow('process-order', { input: Order, output: Receipt }, (order$) =>
  order$.pipe(
    sideEffect('tracking', (order) => ({ ...order, tracking: randomUUID().slice(0, 8) })),
    awaitSignal(approval, (approved, order) => ({ ...order, approved })),
    timeout({ first: 7 * dayMs }),
    activity(
      'charge',
      (order, { attempt, idempotencyKey }) => {
        say(`  charging ${order.total} (attempt ${attempt}, key ${idempotencyKey})`);
        if ((declined += 1) === 1) throw new Error('the bank does not answer');
        return { ...order, charged: true };
      },
      { retry: { maxAttempts: 3, initialInterval: dayMs / 100 } },
    ),
    delay(3 * dayMs),
    map(({ id, tracking }) => ({ id, tracking, shippedOn: new Date(now()).toISOString().slice(0, 10) })),
    tap(({ id }) => {
      say(`  ${id} leaves the house`);
    }),
  ),
);

const clock = real === undefined ? new TestClock(Date.UTC(2030, 0, 1)) : undefined;
const tempolite = await Tempolite.open({ workflows: [processOrder], clock: clock ?? wallClock, parkAfterMs: 0 });
const run = await tempolite.start(processOrder, { id: 'order-7', total: 99 }, { id: 'order-7' });
run.state$.pipe(distinctUntilChanged((a, b) => a.status === b.status)).subscribe(({ status, clock: at, wakeAt }) => {
  const until = wakeAt === undefined ? '' : ` until ${new Date(wakeAt).toISOString()} at most`;
  say(`${new Date(at).toISOString()} ${status}${until}`);
});

await clock?.advance('2 days');
say('  somebody approves');
await run.signal(approval, true);

const receipt = await (clock ? clock.until(run.result()) : run.result());
say(`receipt: ${receipt?.id}, shipped on ${receipt?.shippedOn}`);
await tempolite.close();
