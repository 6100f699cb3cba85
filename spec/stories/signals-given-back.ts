import test from 'ava';
import fc from 'fast-check';
import { concat, from, merge, mergeMap, of, race, takeUntil, type Observable } from 'rxjs';
import { awaitSignal, continueAsNew, defaultCodec, defineSignal, sleep, workflow } from '../../source/index.js';
import { crashScene } from '../../source/testing/crash-everywhere.js';
import { signalAt } from '../../source/testing/index.js';
import { perform, type PerformOptions } from '../../source/testing/perform.js';
import type { Scene, World } from '../../source/testing/scene.js';
import { differencesOf } from '../../source/testing/shown.js';

/** Signals whose consumption came to nothing are in the mailbox again, with the time at which they came. */

const signals = ['blue', 'green', 'red'] as const;
type Name = (typeof signals)[number];
const definitions = {
  blue: defineSignal<string>('blue'),
  green: defineSignal<string>('green'),
  red: defineSignal<string>('red'),
};

const receive = (name: Name): Observable<string> => of(0).pipe(awaitSignal(definitions[name], (payload) => payload));

/** The first of them. Of those that came at one instant it would be the one that is named first. */
const first = (...names: readonly Name[]): Observable<string> => race(names.map(receive));

/** After each sleep, the first of them. */
const firstAfter = (sleepsMs: readonly number[], ...names: readonly Name[]): Observable<string> =>
  from(sleepsMs).pipe(
    mergeMap((ms) => of(ms).pipe(sleep(ms)), 1),
    mergeMap(() => first(...names), 1),
  );

const letter = (at: number, name: Name): ReturnType<typeof signalAt> =>
  signalAt(at, definitions[name], `${name} of ${at}`);

const sceneOf = (
  body: (link$: Observable<number>) => Observable<unknown>,
  world: World,
  deeds: Scene['deeds'] = [],
): Scene => ({
  runs: [{ id: 'run', workflow: workflow('play', body), input: 0 }],
  world,
  deeds,
});

const outputsOf = async (scene: Scene, options: PerformOptions = {}): Promise<readonly string[]> => {
  const { histories, start } = await perform(scene, options);
  return histories.flatMap(({ run: { id }, events }) =>
    events.flatMap((event) =>
      event.type === 'output-emitted'
        ? [`${id}, ${event.at - start}: ${String(defaultCodec.decode(event.payload))}`]
        : [],
    ),
  );
};

const evicting = { worker: { evictAfterMs: 0 } };
/** However it is crashed, and if it leaves memory after each turn. */
const crashed = (scene: Scene): Promise<unknown> => crashScene(scene, { pairs: 30 });

test('a signal that was skipped comes before one that arrived later', async (t) => {
  const scene = sceneOf(() => concat(...[10, 10, 10].map((ms) => firstAfter([ms], 'green', 'red'))), {
    signals: [letter(1, 'red'), letter(2, 'green'), letter(5, 'red'), letter(15, 'red')],
  });

  t.deepEqual(await outputsOf(scene), ['run, 10: red of 1', 'run, 20: green of 2', 'run, 30: red of 5']);
  await t.notThrowsAsync(crashed(scene));
});

test('a signal that was skipped after an outage comes before a timer that was due when it had come', async (t) => {
  const tick = of('tick').pipe(sleep('tick', 1200));
  const late = of('late').pipe(sleep('late', 5000));
  const scene = sceneOf(() => merge(tick, concat(first('green', 'red'), receive('green')).pipe(takeUntil(late))), {
    signals: [letter(1000, 'red'), letter(1100, 'green')],
    outages: [{ at: 500, length: 9500 }],
  });

  t.deepEqual(await outputsOf(scene), ['run, 10000: red of 1000', 'run, 10000: tick', 'run, 10000: green of 1100']);
  await t.notThrowsAsync(crashed(scene));
});

test('behind each rewind the signal that came first comes first', async (t) => {
  const scene = sceneOf(() => firstAfter([10], 'green', 'red'), {
    signals: [letter(1, 'red'), letter(2, 'green')],
    requests: [100, 200].map((at) => ({ at, control: { type: 'rewind', goTo: 0 } })),
  });

  t.deepEqual(await outputsOf(scene), ['run, 10: red of 1', 'run, 100: red of 1', 'run, 200: red of 1']);
  await t.notThrowsAsync(crashed(scene));
});

test('a fork has the signals that were skipped in its history in the order in which they came', async (t) => {
  const scene = sceneOf(
    () => concat(firstAfter([10], 'green', 'red', 'blue'), firstAfter([50], 'green', 'red')),
    { signals: [letter(1, 'blue'), letter(2, 'red'), letter(3, 'green')].map((each) => ({ ...each, runId: 'run' })) },
    [
      {
        at: 20,
        act: async ({ tempolite, journal }) => {
          const last = await journal.last('run', 0, 'signal-received');
          if (!tempolite || !last) return false;
          await tempolite.run('run').fork(last.seq, { id: 'fork' });
          return true;
        },
      },
    ],
  );

  t.deepEqual(await outputsOf(scene), [
    'run, 10: blue of 1',
    'run, 60: red of 2',
    'fork, 10: blue of 1',
    'fork, 60: red of 2',
  ]);
  t.deepEqual(differencesOf(await perform(scene), await perform(scene, evicting)), []);
});

/** Forks the run where it has consumed signals for the last time so far. */
const forkAt = (at: number): NonNullable<Scene['deeds']>[number] => ({
  at,
  act: async ({ tempolite, journal }) => {
    const last = await journal.last('run', 0, 'signal-received');
    if (!tempolite || !last) return false;
    await tempolite.run('run').fork(last.seq, { id: 'fork' });
    return true;
  },
});

const ofRun = (each: ReturnType<typeof letter>): ReturnType<typeof letter> => ({ ...each, runId: 'run' });

test('what a fork does with the signals that were skipped in its history is not done to the run that it was made of', async (t) => {
  const workflowOf = (link$: Observable<number>): Observable<string> =>
    link$.pipe(
      mergeMap((link) => {
        if (link === 1)
          return of(0).pipe(
            sleep(100),
            mergeMap(() => receive('green')),
          );
        const goesOn = receive('blue').pipe(mergeMap(() => continueAsNew(1)));
        const waits = of(0).pipe(
          sleep(20),
          mergeMap(() => receive('green')),
        );
        return concat(firstAfter([10], 'green', 'red'), race(goesOn, waits));
      }),
    );
  const scene = sceneOf(
    workflowOf,
    { signals: [letter(1, 'red'), letter(2, 'green'), letter(25, 'blue')].map(ofRun) },
    [forkAt(20)],
  );

  const right = ['run, 125: green of 2', 'fork, 10: red of 1', 'fork, 30: green of 2'];
  t.deepEqual(await outputsOf(scene), right);
  t.deepEqual(await outputsOf(scene, evicting), right);
});

const ms = fc.oneof(
  fc.nat({ max: 10 }).map((n) => n * 10),
  fc.nat({ max: 100 }),
);
const name = fc.constantFrom(...signals);

const drawn = fc.record({
  /** Whether the first of the signals is waited for, or one after the other. */
  steps: fc.array(fc.record({ ms, names: fc.array(name, { minLength: 1, maxLength: 3 }), all: fc.boolean() }), {
    minLength: 2,
    maxLength: 5,
  }),
  letters: fc.array(fc.record({ at: ms, name }), { minLength: 4, maxLength: 12 }),
  rewinds: fc.array(ms, { maxLength: 2 }),
});

test('what is received when does not depend on how often a run has left memory or died', async (t) => {
  t.timeout(120_000);
  const property = fc.asyncProperty(drawn, fc.nat({ max: 999 }), async ({ steps, letters, rewinds }, place) => {
    const scene = sceneOf(
      () =>
        concat(
          ...steps.map(({ ms: after, names, all }) =>
            of(0).pipe(
              sleep(after),
              mergeMap(() => (all ? merge(...names.map(receive)) : first(...names))),
            ),
          ),
        ),
      {
        signals: [
          ...letters.map((each) => letter(each.at, each.name)),
          ...signals.flatMap((each) => [500, 505, 510, 515].map((at) => letter(at, each))),
        ],
        requests: rewinds.map((at) => ({ at: 1000 + at, control: { type: 'rewind', goTo: 0 } })),
      },
    );
    const right = await perform(scene);
    const append = 1 + Math.floor((place / 1000) * right.appends.length);
    const others = [
      await perform(scene, evicting),
      await perform(scene, { lives: [[{ append, fault: 'dies-before' }], [{ append: 2, fault: 'dies-after' }]] }),
    ];
    t.deepEqual(
      others.map((other) => differencesOf(right, other)),
      [[], []],
    );
  });
  await fc.assert(property, { numRuns: 40, seed: 1 });
});
