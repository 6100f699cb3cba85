import test from 'ava';
import {
  catchError,
  concat,
  forkJoin,
  interval,
  map,
  merge,
  mergeMap,
  of,
  take,
  throwError,
  type Observable,
} from 'rxjs';
import {
  activity,
  awaitSignal,
  childWorkflow,
  defineActivity,
  defineSignal,
  execute,
  finalizeWith,
  saga,
  sleep,
  step,
  workflow,
  type RetryPolicy,
  type WorkflowOptions,
} from '../../source/index.js';
import {
  requestAt,
  signalAt,
  takes,
  type StubContext,
  type TimedRequest,
  type World,
} from '../../source/testing/index.js';
import { crashScene } from '../../source/testing/crash-everywhere.js';
import { singlePoints, spread } from '../../source/testing/crash-points.js';
import { perform } from '../../source/testing/perform.js';
import type { Scene } from '../../source/testing/scene.js';
import { jobOf, lifeOf } from '../_support/life.js';

/** Single crashes of each scene; `npm run sweep` tries all of them, which takes minutes. */
const singles = process.env['TEMPOLITE_SWEEP'] === 'all' ? Infinity : 20;

const outside = (): string => '';
const job = jobOf('job', 2);
/** Fails until the run has gone back twice. */
const bad = defineActivity<string, string>(
  'bad',
  { retry: { maxAttempts: 2, initialInterval: 5, jitter: 0 } },
  outside,
);
const go = defineSignal<string>('go');
const once = { retry: { maxAttempts: 1 } };

const stubs: World['activities'] = {
  job: takes(10, (text: string) => `${text}!`),
  bad: takes(7, (text: string, { dropped }: StubContext) => {
    if (dropped < 2) throw new Error(`no ${text}`);
    return `${text} at last`;
  }),
  'trip/hotel': takes(6, (text: string) => `${text} hotel`),
  'trip/hotel.compensation': takes(8, () => 'released'),
  'trip/car': takes(6, (text: string) => `${text} car`),
  'trip/car.compensation': takes(3, () => 'returned'),
  'trip/flight': takes(5, (text: string) => {
    throw new Error(`no flight for ${text}`);
  }),
  tidy: takes(9, () => 'tidy'),
};

const child = workflow('child', (text$: Observable<string>) =>
  text$.pipe(activity(job), sleep(12), activity(job), finalizeWith('tidy', outside)),
);
const failingChild = workflow('failing child', (text$: Observable<string>) => text$.pipe(activity(job), activity(bad)));

type Body = (input$: Observable<string>) => Observable<unknown>;
const policy: RetryPolicy = { maxAttempts: 4, initialInterval: 40, jitter: 0 };

const scene = (
  body: Body,
  options: WorkflowOptions<string, unknown> = {},
  world: Partial<World> & { readonly requests?: readonly TimedRequest[] } = {},
): Scene => ({
  runs: [{ id: 'run', workflow: workflow('play', options, body), input: 'x' }],
  world: { activities: stubs, workflows: [child, failingChild], ...world },
});

const trip = saga(
  'trip',
  step('hotel', outside, outside, once) as never,
  step('car', outside, outside, once) as never,
  step('flight', outside, outside, once) as never,
);

/** Bodies that have much in flight. */
const bodies: Readonly<Record<string, Body>> = {
  'a failure beside what is in flight': (x$) =>
    x$.pipe(mergeMap((x) => forkJoin([execute(job, x), execute(bad, x), execute(child, x)]))),
  'outputs before and after the failure': (x$) =>
    merge(x$.pipe(activity(job)), interval(6).pipe(take(5)), x$.pipe(sleep(8), activity(bad))),
  'clean-up in catchError': (x$) =>
    x$.pipe(
      activity(job),
      activity(bad),
      catchError((error: unknown) => execute(job, 'clean').pipe(mergeMap(() => throwError(() => error as Error)))),
    ),
  'a signal before the failure, one behind it': (x$) =>
    x$.pipe(
      awaitSignal(go),
      activity(bad),
      awaitSignal(go, (text, was) => `${was} ${text}`),
    ),
  'a child that fails': (x$) => x$.pipe(activity(job), childWorkflow(failingChild), finalizeWith('tidy', outside)),
  'a saga that is compensated': (x$) => concat(x$.pipe(activity(job)), x$.pipe(trip as never)),
  'a saga around a failure': (x$) =>
    x$.pipe(
      saga('trip', step('hotel', outside, outside, once), step('car', outside, outside, once), activity(bad)),
      map((text) => `${text}.`),
    ),
  'a saga beside a failure': (x$) =>
    x$.pipe(
      mergeMap((x) =>
        forkJoin([
          of(x).pipe(
            saga('trip', step('hotel', outside, outside, once), sleep(9), step('car', outside, outside, once)),
          ),
          execute(bad, x),
        ]),
      ),
    ),
};
const signals = [signalAt(3, go, 'one'), signalAt(30, go, 'two'), signalAt(200, go, 'three')];

for (const [name, body] of Object.entries(bodies)) {
  test.serial(`${name}, sent back by a retry policy: a crash anywhere changes nothing`, async (t) => {
    const { points } = await crashScene(scene(body, { retry: policy }, { signals }), { singles, pairs: 10 });

    t.true(points > 20);
  });

  test.serial(`${name}, with a timeout of the run: a crash anywhere changes nothing`, async (t) => {
    for (const timeout of [13, 24]) {
      const { points } = await crashScene(scene(body, { timeout }, { signals }), { singles, pairs: 2 });
      t.true(points > 10);
    }
  });

  test.serial(`${name}, cancelled at any time: a crash anywhere changes nothing`, async (t) => {
    for (const at of [4, 23, 43, 71]) {
      const requests = [requestAt(at, 'cancel', 'run')];
      const { points } = await crashScene(scene(body, { retry: policy }, { signals, requests }), { singles, pairs: 2 });
      t.true(points > 5);
    }
  });

  test.serial(`${name}, terminated at any time: a crash anywhere breaks no law`, async (t) => {
    for (const at of [11, 43]) {
      await keepsLaws(t, scene(body, { retry: policy }, { signals, requests: [requestAt(at, 'terminate', 'run')] }));
    }
  });

  test.serial(`${name}, paused and resumed at any time: a crash anywhere breaks no law`, async (t) => {
    for (const [at, length] of [
      [9, 100],
      [43, 30],
      [63, 60],
    ] as const) {
      const requests = [requestAt(at, 'pause', 'run'), requestAt(at + length, 'resume', 'run')];
      await keepsLaws(t, scene(body, { retry: policy }, { signals, requests }), ['completed', 'failed']);
    }
  });

  test.serial(`${name}, paused and cancelled at any time: a crash anywhere breaks no law`, async (t) => {
    for (const [at, length] of [
      [9, 30],
      [43, 9],
    ] as const) {
      const requests = [requestAt(at, 'pause', 'run'), requestAt(at + length, 'cancel', 'run')];
      await keepsLaws(t, scene(body, {}, { signals, requests }));
    }
  });

  test.serial(`${name}, replayed after its failure: a crash anywhere breaks no law`, async (t) => {
    const requests = [60, 120, 200, 260].map((at) => requestAt(at, 'replay', 'run'));
    await keepsLaws(t, scene(body, {}, { signals, requests }), ['completed', 'failed']);
  });

  test.serial(`${name}, paused and sent back at any time: a crash anywhere breaks no law`, async (t) => {
    for (const [at, goTo] of [
      [43, 0],
      [63, 2],
    ] as const) {
      const requests = [requestAt(at, 'pause', 'run'), rewindAt(at + 20, goTo)];
      await keepsLaws(t, scene(body, { retry: policy }, { signals, requests }), ['completed', 'failed']);
    }
  });

  test.serial(`${name}, sent back after its failure, and once more: a crash anywhere changes nothing`, async (t) => {
    const requests = [rewindAt(400, 0), rewindAt(800, 1), requestAt(1200, 'replay', 'run')];
    const { points } = await crashScene(scene(body, {}, { signals, requests }), { singles, pairs: 2 });

    t.true(points > 20);
  });

  test.serial(`${name}, forked at each of its events: a crash changes nothing`, async (t) => {
    const engine = await lifeOf(t, { workflows: [child, failingChild, workflow('play', body)], activities: stubs });
    const run = await engine.start(workflow('play', body), 'x', { id: 'run' });
    for (const text of ['one', 'two']) await run.signal(go, text);
    await engine.advance(1000);
    const places = (await run.events()).filter(({ type }) => type !== 'run-completed' && type !== 'run-failed');
    t.true(places.length > 3);

    for (const { seq, type } of places) {
      const came: unknown[] = [];
      for (const crashes of [[], [0, 7, 13], [5, 1, 30]]) {
        const fork = await engine.tempolite.run('run').fork(seq, { id: `${seq}/${crashes.join()}` });
        for (const text of ['one', 'two']) await engine.tempolite.run(fork.id).signal(go, text);
        for (const length of crashes) {
          await engine.advance(length);
          await engine.crash();
        }
        await engine.advance(1000);
        const again = engine.run(fork.id, workflow('play', body));
        came.push([(await again.state()).status, await again.outputs()]);
      }
      t.deepEqual(came[1], came[0], `forked at ${seq}, ${type}`);
      t.deepEqual(came[2], came[0], `forked at ${seq}, ${type}`);
      t.regex(JSON.stringify(came[0]), /completed|failed/);
    }
  });
}

/** What `requestAt` does not take. */
const rewindAt = (at: number, goTo: number): TimedRequest => ({
  at,
  control: { type: 'rewind', goTo },
  runId: 'run',
});

/** Crashes at every append; whatever comes of it, no law is broken and no run is left hanging. */
const keepsLaws = async (
  t: { deepEqual: (found: unknown, expected: unknown, message: string) => void },
  scene: Scene,
  statuses?: readonly string[],
): Promise<void> => {
  const { appends } = await perform(scene);
  const nothing = { name: 'nothing', lives: [] };
  const deaths = spread(
    singlePoints(appends).filter(({ name }) => / dies (before|after) /.test(name)),
    singles,
  );
  for (const { name, ...point } of [nothing, ...deaths]) {
    const { violations, histories } = await perform(scene, point);
    t.deepEqual(violations, [], name);
    const ends = histories.map(({ run }) => run.status);
    const wanted = statuses ?? ['completed', 'failed', 'cancelled', 'terminated'];
    const wrong = ends.filter(
      (status, place) => !(place === 0 ? wanted : [...wanted, 'cancelled', 'terminated']).includes(status),
    );
    t.deepEqual(wrong, [], `${name}: ${JSON.stringify(histories.map(({ run }) => [run.id, run.status, run.detail]))}`);
  }
};
