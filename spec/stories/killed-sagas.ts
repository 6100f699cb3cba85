import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readHistory } from '../../source/journal/history.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { idempotencyKey } from '../../source/run/step-key.js';
import { faultsOf } from '../_support/check-journal.js';
import { folderOf } from '../_support/folder.js';
import { program } from '../_support/program.js';
import { watchFences } from '../_support/watch-fences.js';

interface Told {
  readonly error: string;
  readonly commits: number;
}

interface Played {
  readonly told: Told;
  /** The idempotency keys of what was done, in order. */
  readonly world: readonly string[];
  /** Those whose end was in the journal when the process died. */
  readonly recorded: readonly string[];
  readonly killed: boolean;
}

const isResult = (message: Told): boolean => 'commits' in message;

const play = async (t: ExecutionContext, fate: string, when: string, n: number): Promise<Played> => {
  const folder = folderOf(t);
  const url = `file:${join(folder, 'runs.db')}`;
  await watchFences(url);
  const outside = join(folder, 'world');
  let killed = false;
  let recorded: readonly string[] = [];
  if (when !== 'never') {
    const { signal } = await program(t, 'trip', [url, outside, fate, when, String(n)]).ended;
    killed = signal === 'SIGKILL';
    recorded = await recordedIn(url);
  }
  const told = await program(t, 'trip', [url, outside, fate]).message<Told>(isResult);
  t.deepEqual(await faultsOf(url), []);
  return { told, world: readFileSync(outside, 'utf8').trim().split('\n'), recorded, killed };
};

const recordedIn = async (url: string): Promise<readonly string[]> => {
  const journal = await openJournal({ url });
  const [run] = await journal.runs({}, { limit: 1 });
  const events = run ? (await readHistory(journal, run)).events : [];
  await journal.close();
  return events.flatMap((event) =>
    event.type === 'activity-completed' || event.type === 'activity-failed'
      ? [idempotencyKey('trip', 0, event.epoch, event.key)]
      : [],
  );
};

const done = (...keys: readonly string[]): string[] => keys.map((key) => `trip/0/${key}`);
const steps = ['step:trip/a#0', 'step:trip/b#0'];
const undone = ['compensation:trip/b#0', 'compensation:trip/a#0'];
const tidied = 'finalizer:tidy#0';

const fates = {
  fails: { expected: done(...steps, 'step:trip/c#0', ...undone, tidied), error: /c is sold out/ },
  cancelled: { expected: done(...steps, ...undone, tidied), error: /was cancelled/ },
};

for (const [fate, { expected, error }] of Object.entries(fates)) {
  const number = fate === 'cancelled' ? 24 : 31;

  test(`a saga that ${fate === 'fails' ? fate : `is ${fate}`}, killed at no commit, is undone once`, async (t) => {
    const { told, world } = await play(t, fate, 'never', 0);

    t.regex(told.error, error);
    t.deepEqual([...world].sort(), [...expected].sort());
  });

  for (const when of ['before', 'after']) {
    test(`a saga that ${fate === 'fails' ? fate : `is ${fate}`}, killed ${when} each commit, is undone once (scenario ${number})`, async (t) => {
      const { told: right } = await play(t, fate, 'never', 0);

      for (let n = 1; n <= right.commits; n += 1) {
        const { told, world, recorded, killed } = await play(t, fate, when, n);

        const place = `${when} commit ${n}`;
        t.true(killed, place);
        t.regex(told.error, error, place);
        t.deepEqual([...new Set(world)].sort(), [...expected].sort(), place);
        t.true(world.indexOf(expected.at(-3) ?? '') < world.indexOf(expected.at(-2) ?? ''), 'last first');
        const twice = world.filter((key, index) => world.indexOf(key) !== index);
        t.deepEqual(
          twice.filter((key) => recorded.includes(key)),
          [],
          `what is recorded never runs again, ${place}`,
        );
        t.true(twice.length <= 2, `only what was in flight ran twice ${place}: ${twice.join()}`);
      }
    });
  }
}
