import test from 'ava';
import {
  concat,
  ignoreElements,
  lastValueFrom,
  map,
  merge,
  mergeMap,
  of,
  race,
  range,
  repeat,
  take,
  takeUntil,
  throwError,
  timer,
  toArray,
} from 'rxjs';
import { activity, awaitSignal, defineSignal, getVersion, sideEffect, sleep } from '../../source/index.js';
import { takes } from '../../source/testing/index.js';
import { crashed, performed, recorded, replayError, type Body } from '../_support/performed.js';

test('a new run is on the newest version, and its choice is recorded before it is seen', async (t) => {
  const played = await performed(() => getVersion('scoring', 0, 3));

  t.deepEqual([played.outputs, played.status], [[3], 'completed']);
  t.deepEqual(recorded(played), ['version-chosen version:scoring#0']);
});

test('it emits once and completes', async (t) => {
  const { outputs } = await performed(() => concat(getVersion('scoring', 0, 1), of('after')));

  t.deepEqual(outputs, [1, 'after']);
});

test('a choice is made once for a run and change, whoever asks and when', async (t) => {
  const played = await performed((n$) =>
    concat(
      merge(getVersion('a', 0, 1), getVersion('a', 0, 2), getVersion('b', 0, 5)),
      n$.pipe(
        sleep('1 hour'),
        mergeMap(() => getVersion('a', 0, 9)),
      ),
      getVersion('a', 0, 1).pipe(repeat(3)),
    ),
  );

  t.deepEqual(played.outputs, [1, 1, 5, 1, 1, 1, 1]);
});

test('a thousand that ask at once are answered in their order', async (t) => {
  const { outputs } = await performed(() =>
    range(0, 1000).pipe(
      mergeMap((n) => getVersion('a', 0, 1).pipe(map((version) => [n, version]))),
      toArray(),
    ),
  );

  t.deepEqual(outputs, [Array.from({ length: 1000 }, (_, n) => [n, 1])]);
});

test('unsubscribing in the turn that asks takes the question back', async (t) => {
  const played = await performed((n$) => concat(getVersion('a', 0, 1).pipe(takeUntil(n$)), of('end')));

  t.deepEqual([played.outputs, recorded(played)], [['end'], []]);
});

test('an error that is thrown at its value fails the run', async (t) => {
  const { error } = await performed(() =>
    getVersion('a', 0, 1).pipe(
      map((version) => {
        throw new RangeError(`no ${version}`);
      }),
    ),
  );

  t.is((error as Error).message, 'no 1');
});

for (const [min, max] of [
  [1, 0],
  [-1, 1],
  [0, 1.5],
  [0, NaN],
  [0, Infinity],
] as const) {
  test(`a range from ${min} to ${max} is refused`, (t) => {
    t.throws(() => getVersion('a', min, max), { code: 'INVALID_ARGUMENT' });
  });
}

test('outside a workflow, or with a name that is none, it is refused', async (t) => {
  await t.throwsAsync(lastValueFrom(getVersion('a', 0, 1)), { code: 'NOT_IN_WORKFLOW' });
  t.throws(() => getVersion('a#b', 0, 1), { code: 'INVALID_ARGUMENT' });
});

const world = { activities: { work: takes('2 seconds', (n: number) => n) } };

const branching: Body = (n$) =>
  n$.pipe(
    activity('work', (n: number) => n),
    mergeMap((n) => getVersion('first', 0, 1).pipe(map((version) => n + version))),
    sleep('1 hour'),
    mergeMap((n) =>
      merge(getVersion('first', 0, 1), getVersion('second', 0, 7)).pipe(
        activity('work', (version: number) => version, { concurrency: 2 }),
        sideEffect('sum', (version) => version + n),
      ),
    ),
  );

test('a crash anywhere changes no choice', async (t) => {
  const { outputs } = await performed(branching, world);
  const points = await crashed(branching, world);

  t.deepEqual(outputs, [5, 11]);
  t.true(points > 30);
});

const asked = (change: string) => getVersion(change, 0, 1).pipe(map((version) => `${change} ${version}`));

/** A replay must not take one that has asked in vain for one that was past the place before it was there. */
const taken: Readonly<Record<string, readonly [body: Body, outputs: readonly unknown[]]>> = {
  'at once': [() => merge(race(asked('a'), of('b')), timer(1).pipe(mergeMap(() => asked('a')))), ['b', 'a 1']],
  'with the end of the run': [() => race(asked('a'), of('b', 'c')), ['b', 'c']],
  'with the failure of the run': [
    () =>
      merge(
        of('b'),
        asked('a'),
        throwError(() => new Error('no')),
      ),
    ['b'],
  ],
  'by a later event of its commit': [
    (n$) =>
      n$.pipe(
        mergeMap(() => merge(timer(5).pipe(map(() => 'first')), timer(5).pipe(map(() => 'second')))),
        mergeMap((which) => (which === 'first' ? asked('a').pipe(ignoreElements()) : of(which))),
        take(1),
      ),
    ['second'],
  ],
};

for (const [how, [body, outputs]] of Object.entries(taken)) {
  test(`a question that is taken back ${how} leaves its answer in the journal`, async (t) => {
    const played = await performed(body);

    t.deepEqual(played.outputs, outputs);
    t.true(
      recorded(played).some((event) => event.startsWith('version-chosen')),
      'the choice',
    );
    t.is(await replayError(body, played), undefined);
    t.true((await crashed(body)) > 0);
  });
}

test('a choice after an outage takes no time: timers that are overdue fire at their own instants behind it', async (t) => {
  const body: Body = (n$) =>
    n$.pipe(mergeMap(() => merge(timer(1).pipe(mergeMap(() => getVersion('a', 0, 1))), timer(3))));
  const { events } = await performed(body, { outages: [{ at: 0, length: 3000 }] });

  const [started] = events;
  const times = events.flatMap(({ type, at }) => (/timer|version/.test(type) ? [[type, at - (started?.at ?? 0)]] : []));
  t.deepEqual(times, [
    ['timer-fired', 1],
    ['version-chosen', 1],
    ['timer-fired', 3],
  ]);
});

const go = defineSignal('go');

test('what a choice after an outage leads to comes before what is due later', async (t) => {
  const body: Body = () =>
    merge(
      timer(1).pipe(
        mergeMap(() => getVersion('a', 0, 1)),
        mergeMap(() => timer(1)),
        map(() => 'quick'),
      ),
      timer(5).pipe(map(() => 'slow')),
      of(0).pipe(
        awaitSignal(go),
        map(() => 'signalled'),
      ),
    );
  const signals = [{ at: 3, name: 'go', payload: 'null' }];

  for (const outages of [[], [{ at: 0, length: 3000 }]])
    t.deepEqual((await performed(body, { outages, signals })).outputs, ['quick', 'signalled', 'slow']);
  t.true((await crashed(body, { signals })) > 0);
});

/** The place of the change is behind so many events. */
const behind =
  (events: number): Body =>
  () =>
    range(0, events).pipe(
      activity('work', (n: number) => n),
      toArray(),
      mergeMap(() => getVersion('late', 0, 1)),
    );

/** It is in the turn of the first of so many events of one commit. */
const within =
  (events: number): Body =>
  () =>
    range(0, events).pipe(
      activity('work', (n: number) => n, { concurrency: Infinity }),
      mergeMap(() => getVersion('late', 0, 1)),
      take(1),
    );

for (const [what, body] of [
  ['of exactly one page', behind(999)],
  ['of one page and one event', behind(1000)],
  ['whose second page begins within a commit', within(1500)],
  ['whose commit is longer than several pages', within(5000)],
] as const) {
  test(`a run with a journal ${what} that dies before its choice is recorded is a new one all the same`, async (t) => {
    const instant = { activities: { work: (n: number) => n } };
    const { outputs, events } = await performed(body, instant);
    t.deepEqual(outputs, [1]);
    const commits = new Set(events.map(({ batch }) => batch)).size;

    for (let append = Math.max(2, commits - 3); append <= commits + 1; append += 1) {
      const died = await performed(body, instant, { lives: [[{ append, fault: 'dies-before' }]] });

      t.deepEqual(died.outputs, [1], `it died before append ${append} of about ${commits}`);
    }
  });
}
