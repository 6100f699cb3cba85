import { readFileSync } from 'node:fs';
import test from 'ava';
import { concatMap, from, map, type Observable } from 'rxjs';
import { activity, awaitSignal, defineActivity, defineSignal, execute, workflow } from '../../source/index.js';
import { parseHistories } from '../../source/journal/history.js';
import { crashEverywhere, CrashError, replayHistories, signalAt, takes } from '../../source/testing/index.js';
import { folderOf } from '../_support/folder.js';

const book = defineActivity('book', {}, (city: string) => city);
const go = defineSignal<string>('go');
const world = {
  activities: { book: takes(20, (city: string) => `booked ${city}`) },
  signals: [signalAt('1 hour', go, 'go')],
};

const trip = workflow('trip', (cities$: Observable<readonly string[]>) =>
  cities$.pipe(
    concatMap((cities) => from(cities)),
    concatMap((city) => execute(book, city)),
    awaitSignal(go, (word, booked) => `${booked} ${word}`),
  ),
);

test('a workflow that keeps the rules does the same wherever it is crashed', async (t) => {
  const report = await crashEverywhere(trip, ['Rome'], world);

  t.true(report.points > 20);
  t.is(report.effects.length, 1);
  t.regex(report.marbles, /activity:book/);
});

let counter = 0;
const wrongs: Readonly<Record<string, () => unknown>> = {
  'a counter of the process': () => (counter += 1),
  'a random number': () => Math.random(),
  'the clock of the machine': () => performance.now(),
};

for (const [name, wrong] of Object.entries(wrongs)) {
  test(`${name} in a pipeline is found, with the history that shows it`, async (t) => {
    const bad = workflow('bad', (a$: Observable<string>) =>
      a$.pipe(
        activity(book),
        map((a) => `${a} ${String(wrong())}`),
        activity('end', (a: string) => a),
      ),
    );

    const error = await t.throwsAsync<CrashError>(crashEverywhere(bad, 'Rome', world, { fixtures: folderOf(t) }));

    t.true(error instanceof CrashError);
    t.is(error.code, 'CRASH_DIFFERS');
    t.regex(error.message, /Expected:[^]*activity:book[^]*Found:/);
    const [history] = parseHistories(readFileSync(error.fixture, 'utf8'));
    t.is(history?.run.workflow, 'bad');
    t.is((await replayHistories(error.fixture, [trip])).unknown.length, 1);
  });
}

test('input that its codec refuses is told at once', async (t) => {
  await t.throwsAsync(crashEverywhere(trip, [Symbol('city')] as never, world), { code: 'INVALID_VALUE' });
});

test('a time of the world that is none is told', async (t) => {
  const signals = [signalAt('soon', go, 'go')];

  await t.throwsAsync(crashEverywhere(trip, ['Rome'], { signals }), { code: 'INVALID_ARGUMENT', message: /signal go/ });
});

test('an activity without a stand-in may take real time', async (t) => {
  const real = workflow('real', (a$: Observable<string>) =>
    a$.pipe(activity('real', (a: string) => new Promise<string>((resolve) => setTimeout(resolve, 2, `${a}!`)))),
  );

  const { marbles } = await crashEverywhere(real, 'a', {}, { pairs: 3 });

  t.regex(marbles, /"a!"/);
});
