import test from 'ava';
import {
  concatMap,
  delay,
  from,
  map,
  merge,
  mergeMap,
  of,
  race,
  scan,
  takeUntil,
  timer,
  toArray,
  type Observable,
} from 'rxjs';
import { activity, awaitSignal, defineSignal, duration, now, sleep, sleepUntil, workflow } from '../../source/index.js';
import { TestClock } from '../../source/testing/index.js';
import { folderOf } from '../_support/folder.js';
import { program } from '../_support/program.js';
import { engineOf } from '../_support/engine.js';
import { weekLong } from '../_support/programs/week.js';
import { join } from 'node:path';

const day = 24 * 60 * 60 * 1000;

test('a delay of seven days that is killed mid-wait ends when it would have', async (t) => {
  const url = `file:${join(folderOf(t), 'runs.db')}`;
  const start = Date.UTC(2031, 4, 1);
  const first = program(t, 'week', [url, String(start)]);
  await first.message<string>((message) => message === 'waiting');
  await first.kill();

  const clock = new TestClock(start + 3 * day);
  const { tempolite } = await engineOf(t, { workflows: [weekLong], url, clock });
  const result = tempolite.run('week', weekLong).result();

  t.is(await clock.until(result), 'Ada');
  t.is(clock.now(), start + 7 * day);
});

test('a timer that became due while no process was up fires at once, at its own instant', async (t) => {
  const url = `file:${join(folderOf(t), 'runs.db')}`;
  const start = Date.UTC(2031, 4, 1);
  const first = program(t, 'week', [url, String(start)]);
  await first.message<string>((message) => message === 'waiting');
  await first.kill();

  const clock = new TestClock(start + 30 * day);
  const { tempolite } = await engineOf(t, { workflows: [weekLong], url, clock });

  t.is(await tempolite.run('week', weekLong).result(), 'Ada');
  const events = await tempolite.worker.journal.events('week', 0, 0, 10);
  t.is(events.find(({ type }) => type === 'timer-fired')?.at, start + 7 * day);
});

test('a thousand concurrent timers all fire once, in due order', async (t) => {
  const delays = Array.from({ length: 1000 }, (_, n) => (n * 7919) % 1000);
  const thousand = workflow('thousand', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(() => from(delays)),
      mergeMap((ms) => of(ms).pipe(delay(ms))),
      toArray(),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [thousand] });
  const start = clock.now();
  const run = await tempolite.start(thousand, 0);

  t.deepEqual(
    await clock.until(run.result()),
    [...delays].sort((a, b) => a - b),
  );
  t.is(clock.now() - start, 999);
});

test('a timer that is cancelled in the very turn in which it fires is not seen', async (t) => {
  const both = workflow('both', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(() =>
        merge(
          timer(10).pipe(map(() => 'first')),
          timer(10).pipe(
            map(() => 'kept'),
            takeUntil(timer(10)),
          ),
          race(timer(10).pipe(map(() => 'winner')), timer(10).pipe(map(() => 'loser'))),
        ),
      ),
      toArray(),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [both] });
  const run = await tempolite.start(both, 0, { id: 'both' });

  // `takeUntil` subscribes to its notifier first, so that its timer is older than the one it guards.
  t.deepEqual(await clock.until(run.result()), ['first', 'winner']);
});

test('the wall clock jumps back and forth by an hour: nothing fires twice, nothing is lost', async (t) => {
  const hour = 60 * 60 * 1000;
  const go = defineSignal<string>('go');
  const steady = workflow('steady', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(() =>
        merge(
          timer(10 * 60_000, 10 * 60_000).pipe(
            map((tick) => `tick ${tick}`),
            takeUntil(timer(65 * 60_000)),
          ),
          of(0).pipe(awaitSignal(go)),
        ),
      ),
      activity('echo', (text: string) => text),
      toArray(),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [steady] });
  const start = clock.now();
  const run = await tempolite.start(steady, 0, { id: 'steady' });
  await clock.advance('15 minutes');
  clock.set(start - hour);
  await clock.settle();
  await run.signal(go, 'while the clock was wrong');
  await clock.settle();
  clock.set(start + 25 * 60_000 + hour);
  await clock.settle();
  clock.set(start + 25 * 60_000);

  t.deepEqual(await clock.until(run.result()), [
    'tick 0',
    'while the clock was wrong',
    'tick 1',
    'tick 2',
    'tick 3',
    'tick 4',
    'tick 5',
  ]);
  const instants = (await tempolite.worker.journal.events('steady', 0, 0, 100)).map(({ at }) => at);
  t.deepEqual(
    instants,
    [...instants].sort((a, b) => a - b),
    'a run’s time never goes back',
  );
});

test('sleep, sleepUntil and now agree on the time of the run', async (t) => {
  const at = Date.UTC(2030, 5, 1);
  const sleeper = workflow('sleeper', (n$: Observable<number>) =>
    n$.pipe(
      sleep('nap', '90 minutes'),
      map(() => now()),
      sleepUntil(new Date(at)),
      map((nap) => [nap, now(), Date.now()]),
      sleepUntil(0),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [sleeper] });
  const start = clock.now();

  t.deepEqual(await clock.until((await tempolite.start(sleeper, 0)).result()), [
    start + duration('90 minutes'),
    at,
    at,
  ]);
});

test('a delay beyond what setTimeout can hold waits that long', async (t) => {
  const year = workflow('year', (n$: Observable<number>) =>
    n$.pipe(
      delay(duration('365 days')),
      map(() => now()),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [year] });
  const start = clock.now();

  t.is(await clock.until((await tempolite.start(year, 0)).result()), start + 365 * day);
});

test('time is the machine’s outside a turn', async (t) => {
  const seen: number[] = [];
  const curious = workflow('curious', (n$: Observable<number>) =>
    n$.pipe(
      activity('look', () => {
        seen.push(Date.now());
      }),
      concatMap(() => timer(1000)),
      scan((n) => n + 1, 0),
    ),
  );
  const before = Date.now();
  const { tempolite, clock } = await engineOf(t, { workflows: [curious] });

  await clock.until((await tempolite.start(curious, 0)).result());

  t.true(seen[0]! >= before && seen[0]! <= Date.now());
});
