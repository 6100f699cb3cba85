import test, { type ExecutionContext } from 'ava';
import {
  asapScheduler,
  delay,
  from,
  fromEvent,
  map,
  merge,
  mergeMap,
  of,
  share,
  Subject,
  take,
  takeUntil,
  timer,
  type Observable,
} from 'rxjs';
import { activity, workflow } from '../../source/index.js';
import { engineOf, type Engine } from '../_support/engine.js';

const echo = (n: number): number => n;

type Numbers = (n$: Observable<number>) => Observable<unknown>;

const blockedBy = async (
  t: ExecutionContext,
  pipeline: Numbers,
  poke?: (engine: Engine) => void,
): Promise<Error & { code: string }> => {
  const it = workflow('it', pipeline);
  const engine = await engineOf(t, { workflows: [it] });
  const run = await engine.tempolite.start(it, 1, { id: 'it' });
  const result = run.result();
  await engine.clock.settle();
  poke?.(engine);
  const error = await t.throwsAsync(engine.clock.until(result));
  const [record] = await engine.tempolite.list();
  t.is(record?.status, 'blocked');
  return error as Error & { code: string };
};

test('a promise of the outside world as the last step blocks the run', async (t) => {
  const error = await blockedBy(t, (n$) =>
    n$.pipe(
      activity('echo', echo),
      mergeMap((n) => new Promise((resolve) => setTimeout(resolve, 5, n))),
    ),
  );

  t.is(error.code, 'NON_DETERMINISM');
  t.regex(error.message, /activity\(…\)/);
});

test('a value of a Subject that is shared with other code blocks the run, and names the operator', async (t) => {
  const shared = new Subject<number>();
  const error = await blockedBy(
    t,
    (n$) =>
      n$.pipe(
        mergeMap(() => shared),
        activity('echo', echo),
      ),
    () => {
      shared.next(7);
    },
  );

  t.is(error.code, 'NON_DETERMINISM');
  t.regex(error.message, /activity\("echo"\)/);
});

test('an unsubscription by a native event blocks the run', async (t) => {
  const target = new EventTarget();
  const error = await blockedBy(
    t,
    (n$) => n$.pipe(mergeMap(() => timer(60_000).pipe(takeUntil(fromEvent(target, 'stop'))))),
    () => {
      target.dispatchEvent(new Event('stop'));
    },
  );

  t.is(error.code, 'NON_DETERMINISM');
});

test('a value that arrives in the turn of another run blocks the one that did not ask for it', async (t) => {
  const shared = new Subject<number>();
  const listening = workflow('listening', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(() => shared),
      activity('echo', echo),
    ),
  );
  const speaking = workflow('speaking', (n$: Observable<number>) =>
    n$.pipe(
      activity('echo', echo),
      map((n) => {
        shared.next(n);
        return n;
      }),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [listening, speaking] });
  const listener = await tempolite.start(listening, 1);
  const refused = t.throwsAsync(listener.result(), { code: 'NON_DETERMINISM' });
  await clock.settle();

  t.is(await (await tempolite.start(speaking, 2)).result(), 2);
  await refused;
});

test('a module-level share() of a durable stream does not let two runs drink from one source', async (t) => {
  const once = of(1).pipe(delay(10), share());
  const sharing = workflow('sharing', (n$: Observable<number>) => n$.pipe(mergeMap(() => once)));
  const { tempolite, clock } = await engineOf(t, { workflows: [sharing] });
  const [a, b] = await Promise.all([tempolite.start(sharing, 1), tempolite.start(sharing, 2)]);

  const ends = await clock.until(Promise.allSettled([a.result(), b.result()]));

  t.is(ends[0].status, 'fulfilled');
  t.is(ends[1].status, 'rejected');
});

test('awaiting the outside world in an async projector blocks the run at the next durable step', async (t) => {
  const error = await blockedBy(t, (n$) =>
    n$.pipe(
      mergeMap(async (n) => {
        await new Promise((resolve) => setImmediate(resolve));
        return n;
      }),
      activity('echo', echo),
    ),
  );

  t.is(error.code, 'NON_DETERMINISM');
});

test('promises that do not leave the turn are welcome', async (t) => {
  const fine = workflow('fine', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(async (n) => {
        await Promise.resolve();
        return n + 1;
      }),
      activity('echo', echo),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [fine] });

  t.is(await (await tempolite.start(fine, 1)).result(), 2);
});

test('a durable operator outside a workflow says so', (t) => {
  const errors: unknown[] = [];
  of(1)
    .pipe(activity('echo', echo))
    .subscribe({
      error: (error: unknown) => {
        errors.push(error);
      },
    });

  t.is((errors[0] as { code: string }).code, 'NOT_IN_WORKFLOW');
});

test('an ignored merge order is still the recorded one', async (t) => {
  const order: string[] = [];
  const merging = workflow('merging', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap((n) =>
        merge(
          of(n).pipe(mergeMap(async (x) => Promise.resolve(`micro ${x}`))),
          from(['sync']),
          of('activity').pipe(activity('one', (text: string) => text)),
        ),
      ),
      map((text) => {
        order.push(text);
        return text;
      }),
      take(3),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [merging] });
  await (await tempolite.start(merging, 1)).result();

  t.deepEqual(order, ['sync', 'micro 1', 'activity']);
});

test('what is logged of a run that a turn blocks has the time of the machine', async (t) => {
  const it = workflow('it', ((n$) => n$.pipe(delay(1, asapScheduler))) as Numbers);
  const times: number[] = [];
  const nothing = (): void => undefined;
  const error = (): void => {
    times.push(Date.now());
  };
  const before = Date.now();
  const logger = { debug: nothing, info: nothing, warn: nothing, error };
  const { tempolite, clock } = await engineOf(t, { workflows: [it], logger });
  const run = await tempolite.start(it, 1, { id: 'it' });

  await t.throwsAsync(clock.until(run.result()), { code: 'NON_DETERMINISM' });
  t.is(times.length, 1);
  t.true(times.every((time) => time >= before && time <= Date.now()));
});
