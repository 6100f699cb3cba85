import {
  catchError,
  delay,
  forkJoin,
  interval,
  map,
  mergeMap,
  of,
  race,
  retry,
  take,
  throwError,
  timer,
  type Observable,
} from 'rxjs';
import {
  activity,
  awaitSignal,
  childWorkflow,
  defineActivity,
  defineSignal,
  duration,
  execute,
  finalizeWith,
  saga,
  step,
  workflow,
  type RetryPolicy,
} from '../../source/index.js';
import { crashScene } from '../../source/testing/crash-everywhere.js';
import { singlePoints } from '../../source/testing/crash-points.js';
import { perform, type Performance } from '../../source/testing/perform.js';
import { requestAt, signalAt, takes, type StubContext, type World } from '../../source/testing/index.js';
import type { Scene } from '../../source/testing/scene.js';
import type { AnyWorkflow } from '../../source/run/workflow.js';

/** A workflow with the world around it, of whose runs something is asked. */
export interface Life {
  readonly workflow: AnyWorkflow;
  readonly world: World;
}

type Request = Parameters<typeof requestAt>[1];

export const note = defineSignal<string>('note');

const pass = <V>(value: V): V => value;
const a = defineActivity('a', {}, (n: number) => `a${n}`);
const b = defineActivity('b', {}, (n: number) => `b${n}`);
const c = defineActivity('c', {}, (n: number) => `c${n}`);
const d = defineActivity('d', {}, (n: number) => `d${n}`);
const bad = defineActivity('bad', { retry: { maxAttempts: 1 } }, pass<string>);
const tidy = finalizeWith('tidy', () => undefined);
const thrice: RetryPolicy = { maxAttempts: 3, initialInterval: '10 seconds', backoff: 1, jitter: 0 };

/** Fails until retries of its run have dropped so many failures. */
const mendedAfter =
  (failures: number, length: string) =>
  async (text: string, { after, dropped }: StubContext): Promise<string> => {
    await after(length);
    if (dropped < failures) throw new Error('down');
    return `${text}, mended`;
  };

const four = workflow('four', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap((n) => forkJoin([execute(a, n), execute(b, n), execute(c, n), execute(d, n)])),
    map((all) => all.join()),
    activity('last', pass<string>),
  ),
);

const letter = workflow('letter', (n$: Observable<number>) =>
  n$.pipe(activity(a), awaitSignal(note), activity('last', pass<string>), tidy),
);

const nap = workflow('nap', (n$: Observable<number>) =>
  n$.pipe(activity(a), delay(duration('10 seconds')), activity('last', pass<string>)),
);

const trip = workflow('trip', (n$: Observable<number>) =>
  n$.pipe(
    saga(
      'trip',
      step('flight', (n: number) => `flight ${n}`, pass),
      step('hotel', (flight: string) => `${flight}, hotel`, pass),
      step('car', (both: string) => `${both}, car`, pass),
    ),
  ),
);

const kid = workflow('kid', (n$: Observable<number>) =>
  n$.pipe(activity(a), delay(duration('5 seconds')), activity('last', pass<string>), tidy),
);

const mother = workflow('mother', (n$: Observable<number>) => n$.pipe(childWorkflow(kid), activity('after', pass)));

const stubborn = workflow('stubborn', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap((n) =>
      execute(a, n).pipe(
        delay(duration('20 seconds')),
        catchError(() => of('swallowed')),
      ),
    ),
    retry(5),
    tidy,
  ),
);

const raced = workflow('raced', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap((n) =>
      race(
        of(0).pipe(awaitSignal(note)),
        execute(a, n).pipe(delay(duration('3 seconds'))),
        timer(duration('6 seconds')).pipe(map(() => 'late')),
      ),
    ),
    activity('last', pass<string>),
  ),
);

const ticks = workflow('ticks', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap(() => interval(1000).pipe(take(6))),
    activity(b),
  ),
);

const flaky = workflow('flaky', { retry: thrice }, (n$: Observable<number>) =>
  n$.pipe(activity(a), activity(bad), activity('last', pass<string>), tidy),
);

const badKid = workflow('bad-kid', (text$: Observable<string>) => text$.pipe(activity(bad)));

const hopeful = workflow('hopeful', { retry: thrice }, (n$: Observable<number>) =>
  n$.pipe(activity(a), childWorkflow(badKid), activity('last', pass<string>)),
);

const badTrip = workflow('bad-trip', { retry: thrice }, (n$: Observable<number>) =>
  n$.pipe(
    saga(
      'trip',
      step('flight', (n: number) => `flight ${n}`, pass),
      step('bad car', (flight: string) => flight, pass, { retry: { maxAttempts: 1 } }),
    ),
  ),
);

const cleaned = workflow('cleaned', { retry: thrice }, (n$: Observable<number>) =>
  n$.pipe(
    activity(a),
    activity(bad),
    catchError((error: unknown) =>
      of('').pipe(
        activity('clean', pass<string>),
        // It is handed on as it is.
        // eslint-disable-next-line rxjs-x/throw-error
        mergeMap(() => throwError(() => error)),
      ),
    ),
    activity('last', pass<string>),
  ),
);

const charge = defineActivity('charge', { retry: { maxAttempts: 1 } }, (n: number) => `charge ${n}`);
const ship = defineActivity('ship', { retry: { maxAttempts: 1 } }, (n: number) => `parcel ${n}`);
const both = (n$: Observable<number>): Observable<string[]> =>
  n$.pipe(mergeMap((n) => forkJoin([execute(charge, n), execute(ship, n)])));
const order = workflow('order', { retry: thrice }, both);
const orderOnce = workflow('order-once', both);

const timed = workflow('timed', { timeout: '5 seconds' }, (n$: Observable<number>) =>
  n$.pipe(activity(a), awaitSignal(note), activity('last', pass<string>), tidy),
);

const plain = {
  a: takes('1 second', (n: number) => `a${n}`),
  b: takes('2 seconds', (n: number) => `b${n}`),
  c: takes('3 seconds', (n: number) => `c${n}`),
  d: takes('4 seconds', (n: number) => `d${n}`),
  last: takes('1 second', pass),
  after: takes('1 second', pass),
  clean: takes('1 second', pass),
  tidy: takes('1 second', () => undefined),
  bad: mendedAfter(2, '1 second'),
  charge: takes('5 seconds', (n: number) => `charge ${n}`),
  ship: mendedAfter(1, '1 second'),
  'trip/flight': takes('1 second', (n: number) => `flight ${n}`),
  'trip/hotel': takes('2 seconds', (flight: string) => `${flight}, hotel`),
  'trip/car': takes('1 second', (text: string) => `${text}, car`),
  'trip/bad car': mendedAfter(9, '1 second'),
  'trip/flight.compensation': takes('1 second', () => undefined),
  'trip/hotel.compensation': takes('1 second', () => undefined),
  'trip/car.compensation': takes('1 second', () => undefined),
};

const lifeOf = (workflow: AnyWorkflow, ...workflows: AnyWorkflow[]): Life => ({
  workflow,
  world: { activities: plain, workflows, signals: [signalAt('4 seconds', note, 'hello')], until: '10 minutes' },
});

/** Runs that come to their end by themselves, one of each kind of wait. */
export const lives = {
  'four activities at once': lifeOf(four),
  'a signal and a finalizer': lifeOf(letter),
  'a nap': lifeOf(nap),
  'a saga': lifeOf(trip),
  'a child': lifeOf(mother, kid),
  'errors that are swallowed': lifeOf(stubborn),
  'a race': lifeOf(raced),
  'an interval': lifeOf(ticks),
} as const;

/** Runs that fail first, and are retried by their policy. */
export const failures = {
  'an activity and a finalizer': lifeOf(flaky),
  'a child that fails': lifeOf(hopeful, badKid),
  'a saga': lifeOf(badTrip),
  'a pipeline that cleans up': lifeOf(cleaned),
  'a slow charge beside a shipping that fails': lifeOf(order),
} as const;

/** Runs without a retry policy. */
export const others = { timed: lifeOf(timed), orderOnce: lifeOf(orderOnce) } as const;

/** The life of a run of which something is asked: pairs of an instant in ms and a request. */
export const asked = ({ workflow, world }: Life, ...requests: readonly (readonly [number, Request])[]): Scene => ({
  runs: [{ id: 'run', workflow, input: 1 }],
  world: { ...world, requests: requests.map(([at, request]) => requestAt(at, request)) },
});

/** Plays a scene with a crash everywhere; answers with what came of it without any. */
export const swept = async (scene: Scene, pairs = 10): Promise<Performance> => {
  await crashScene(scene, { pairs });
  return perform(scene);
};

/** The outputs of the first run of a performance, as they are stored. */
export const outputsOf = ({ histories }: Performance): readonly string[] =>
  (histories[0]?.events ?? []).flatMap((event) => (event.type === 'output-emitted' ? [event.payload] : []));

export const statusOf = ({ histories }: Performance): string | undefined => histories[0]?.run.status;

/**
 * Plays a scene with each single thing that can go wrong, and tells what comes out otherwise, whenever it comes: a run that is paused has
 * the result of what was in flight when the process died only after it has been resumed.
 */
export const differencesInTheEnd = async (scene: Scene): Promise<readonly string[]> => {
  const right = await perform(scene);
  const differences: string[] = [...right.violations];
  for (const point of singlePoints(right.appends)) {
    const other = await perform(scene, point);
    const [expected, found] = [right, other].map((performance) => inTheEnd(performance, point.cut));
    if (expected !== found) differences.push(`when ${point.name}: expected ${expected}, found ${found}`);
    differences.push(...other.violations.map((violation) => `when ${point.name}: ${violation}`));
  }
  return differences;
};

const inTheEnd = (performance: Performance, cut = false): string =>
  JSON.stringify([
    performance.histories.map(({ run }) => [run.id, run.status]),
    outputsOf(performance),
    // A crash within a commit may start what the rest of that commit would have cancelled.
    cut
      ? []
      : performance.effects.map(({ idempotencyKey, attempt, dropped }) => [idempotencyKey, attempt, dropped]).sort(),
  ]);
