import test from 'ava';
import * as io from 'io-ts';
import {
  catchError,
  concat,
  map,
  merge,
  mergeMap,
  of,
  race,
  take,
  timeout,
  timer,
  toArray,
  type Observable,
} from 'rxjs';
import { activity, awaitSignal, defineSignal, signals, workflow } from '../../source/index.js';
import { deferred, engineOf } from '../_support/engine.js';

const note = defineSignal<string>('note');
const day = 24 * 60 * 60 * 1000;

const three = workflow('three', (n$: Observable<number>) =>
  n$.pipe(
    awaitSignal(note),
    awaitSignal(note, (second, first) => [first, second]),
    awaitSignal(note, (third, two) => [...two, third]),
  ),
);

test('signals published before the start, before the wait and in a burst are consumed once each, first in, first out', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows: [three] });
  const run = await tempolite.start(three, 1, { id: 'later', startAt: clock.now() + day });
  await run.signal(note, 'a');
  await Promise.all([run.signal(note, 'b'), run.signal(note, 'c'), run.signal(note, 'd')]);

  t.deepEqual(await clock.until(run.result()), ['a', 'b', 'c']);
});

test('signals sent while no worker is up wait in the mailbox', async (t) => {
  const first = await engineOf(t, { workflows: [three] });
  await first.tempolite.start(three, 1, { id: 'three' });
  await first.tempolite.close();

  // An engine that does not know the workflow still takes its mail.
  const other = workflow('other', (n$: Observable<number>) => n$);
  const post = await engineOf(t, { workflows: [other], url: first.url, clock: first.clock });
  for (const text of ['a', 'b', 'c']) await post.tempolite.run('three').signal(note, text);
  await post.tempolite.close();

  const second = await engineOf(t, { workflows: [three], url: first.url, clock: first.clock });
  t.deepEqual(await second.tempolite.run('three', three).result(), ['a', 'b', 'c']);
});

test('two runs that wait for the same name get their own', async (t) => {
  const one = workflow('one', (n$: Observable<number>) => n$.pipe(awaitSignal(note, (text, n) => `${n} ${text}`)));
  const { tempolite } = await engineOf(t, { workflows: [one] });
  const [a, b] = await Promise.all([tempolite.start(one, 1), tempolite.start(one, 2)]);
  await b.signal(note, 'for b');
  await a.signal(note, 'for a');

  t.is(await a.result(), '1 for a');
  t.is(await b.result(), '2 for b');
});

test('the same idempotency key counts once per signal and run', async (t) => {
  const { tempolite } = await engineOf(t, { workflows: [three] });
  const run = await tempolite.start(three, 1);
  await run.signal(note, 'a', { idempotencyKey: 'x' });
  await run.signal(note, 'again', { idempotencyKey: 'x' });
  await run.signal(note, 'b', { idempotencyKey: 'y' });
  await run.signal(note, 'c');

  t.deepEqual(await run.result(), ['a', 'b', 'c']);
});

test('a key that was used before the restart still counts once after it', async (t) => {
  const first = await engineOf(t, { workflows: [three] });
  const run = await first.tempolite.start(three, 1, { id: 'three' });
  await run.signal(note, 'a', { idempotencyKey: 'x' });
  await first.clock.settle();
  await first.tempolite.close();

  const second = await engineOf(t, { workflows: [three], url: first.url, clock: first.clock });
  const again = second.tempolite.run('three', three);
  await again.signal(note, 'again', { idempotencyKey: 'x' });
  await again.signal(note, 'b');
  await again.signal(note, 'c');

  t.deepEqual(await again.result(), ['a', 'b', 'c']);
});

test('a signal between the wait and the parking is delivered', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows: [three], parkAfterMs: 0, evictAfterMs: 0 });
  const run = await tempolite.start(three, 1);
  // Once in every phase of parking and eviction, which happen within a few rounds of the event loop.
  for (let rounds = 0; rounds < 3; rounds += 1) {
    for (let round = 0; round < rounds; round += 1) await new Promise((resolve) => setImmediate(resolve));
    await run.signal(note, String(rounds));
  }

  t.deepEqual(await clock.until(run.result()), ['0', '1', '2']);
});

test('a signal that races the end of its run is delivered or refused, never half', async (t) => {
  const gate = deferred();
  const ending = workflow('ending', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(() =>
        race(of(0).pipe(awaitSignal(note)), of(0).pipe(activity('gate', () => gate.promise.then(() => 'the gate')))),
      ),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [ending] });
  const run = await tempolite.start(ending, 1);
  gate.resolve();
  const sent = Array.from({ length: 20 }, async (_, n) => {
    for (let round = 0; round < n; round += 1) await Promise.resolve();
    return run.signal(note, `signal ${n}`).then(
      () => 'stored',
      (error: unknown) => (error as { code: string }).code,
    );
  });

  const result = await run.result();
  const answers = await Promise.all(sent);

  t.true(result === 'the gate' || (result ?? '').startsWith('signal'));
  t.true(
    answers.every((answer) => answer === 'stored' || answer === 'RUN_ENDED'),
    answers.join(),
  );
  await t.throwsAsync(run.signal(note, 'too late'), { code: 'RUN_ENDED' });
});

test('signals under take(1) leave the rest of a burst, in order, to the next wait', async (t) => {
  const burst = workflow('burst', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(() => concat(signals(note).pipe(take(1)), signals(note).pipe(take(2)))),
      toArray(),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [burst] });
  const run = await tempolite.start(burst, 1);
  await Promise.all(['a', 'b', 'c'].map((text) => run.signal(note, text)));

  t.deepEqual(await run.result(), ['a', 'b', 'c']);
});

const impatient = workflow('impatient', (n$: Observable<number>) =>
  n$.pipe(
    awaitSignal(note),
    timeout({ first: 7 * day }),
    catchError(() => of('timed out')),
  ),
);

for (const [sentOn, result] of [
  [3, 'day 3'],
  [9, 'timed out'],
] as const) {
  test(`with no worker from day 2 on, a signal of day ${sentOn} against a timeout of day 7 gives: ${result}`, async (t) => {
    const first = await engineOf(t, { workflows: [impatient] });
    const { clock, url } = first;
    const start = clock.now();
    await first.tempolite.start(impatient, 1, { id: 'impatient' });
    await clock.advanceTo(start + 2 * day);
    await first.tempolite.close();

    clock.set(start + sentOn * day);
    const other = workflow('other', (n$: Observable<number>) => n$);
    const post = await engineOf(t, { workflows: [other], url, clock });
    await post.tempolite.run('impatient').signal(note, `day ${sentOn}`);
    await post.tempolite.close();

    clock.set(start + 10 * day);
    const second = await engineOf(t, { workflows: [impatient], url, clock });
    t.is(await clock.until(second.tempolite.run('impatient', impatient).result()), result);
  });
}

test('a payload that its codec refuses reaches nobody', async (t) => {
  const amount = defineSignal('amount', io.type({ amount: io.number }));
  const paying = workflow('paying', (n$: Observable<number>) =>
    n$.pipe(awaitSignal(amount, (payload) => payload.amount)),
  );
  const { tempolite } = await engineOf(t, { workflows: [paying] });
  const run = await tempolite.start(paying, 1);

  // @ts-expect-error -- the type forbids it; what comes from outside may not know
  const error = await t.throwsAsync(run.signal(amount, { amount: 'much' }), { code: 'DECODE_FAILED' });
  t.regex(error.message, /amount/);
  await run.signal(amount, { amount: 12 });
  t.is(await run.result(), 12);
});

test('a signal to a run that does not exist is refused', async (t) => {
  const { tempolite } = await engineOf(t, { workflows: [three] });

  await t.throwsAsync(tempolite.run('nobody').signal(note, 'hello'), { code: 'RUN_NOT_FOUND' });
});

test('the winner of a race between signal, timer and activity is in the journal', async (t) => {
  const racing = workflow('racing', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(() =>
        race(
          of(0).pipe(awaitSignal(note)),
          timer(1000).pipe(map(() => 'timer')),
          of(0).pipe(activity('never', () => new Promise<string>(() => undefined))),
        ),
      ),
      mergeMap((winner) => merge(of(winner), timer(5000).pipe(map(() => `still ${winner}`)))),
      toArray(),
    ),
  );
  const first = await engineOf(t, { workflows: [racing] });
  const { clock, url } = first;
  const run = await first.tempolite.start(racing, 1, { id: 'racing' });
  await run.signal(note, 'signal');
  await clock.advance(2000);
  await first.tempolite.close();

  const second = await engineOf(t, { workflows: [racing], url, clock });
  t.deepEqual(await clock.until(second.tempolite.run('racing', racing).result()), ['signal', 'still signal']);
});
