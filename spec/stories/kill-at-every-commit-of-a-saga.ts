import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { faultsOf } from '../_support/check-journal.js';
import { folderOf } from '../_support/folder.js';
import { program } from '../_support/program.js';

interface Told {
  readonly ended: string;
  readonly commits: number;
}

type Fate = 'fails' | 'cancelled';
type When = 'never' | 'before' | 'after';

interface Played extends Told {
  /** What was done to the outside world, each with its idempotency key. */
  readonly world: readonly string[];
  readonly killed: boolean;
}

const play = async (t: ExecutionContext, fate: Fate, when: When, n: number): Promise<Played> => {
  const folder = folderOf(t);
  const url = `file:${join(folder, 'runs.db')}`;
  const outside = join(folder, 'world');
  let killed = false;
  if (when !== 'never') {
    const { signal } = await program(t, 'trip', [url, outside, fate, when, String(n)]).ended;
    killed = signal === 'SIGKILL';
  }
  const told = await program(t, 'trip', [url, outside, fate]).message<Told>((message) => 'ended' in message);
  t.deepEqual(await faultsOf(url), []);
  return { ...told, world: readFileSync(outside, 'utf8').trim().split('\n'), killed };
};

const failing = [
  'book hotel for "" trip/0/step:trip/hotel#0',
  'book train for "hotel, " trip/0/step:trip/train#0',
  'book car for "hotel, train, " trip/0/step:trip/car#0',
  'undo train of "hotel, train, " for "hotel, " trip/0/compensation:trip/train#0',
  'undo hotel of "hotel, " for "" trip/0/compensation:trip/hotel#0',
];

const undoesCar = 'undo car of "hotel, train, car, " for "hotel, train, " trip/0/compensation:trip/car#0';

const stories: Readonly<Record<Fate, { ended: string; done: readonly string[]; scenario: number }>> = {
  fails: {
    ended: 'ActivityError: activity "trip/car" failed after its only attempt: no car',
    done: failing,
    scenario: 31,
  },
  cancelled: {
    ended: 'RunError: run "trip" was cancelled',
    done: [...failing.slice(0, 3), undoesCar, ...failing.slice(3)],
    scenario: 24,
  },
};

const tidies = 'tidy trip/0/finalizer:tidy#0';

const firstTimes = (world: readonly string[]): readonly string[] => [...new Set(world)];
const withoutTidying = (world: readonly string[]): readonly string[] => world.filter((line) => line !== tidies);

for (const [fate, { ended, done, scenario }] of Object.entries(stories)) {
  test(`a saga of three that ${fate === 'fails' ? 'fails' : 'is cancelled'} undoes each step once, last first`, async (t) => {
    const told = await play(t, fate as Fate, 'never', 0);

    t.is(told.ended, ended);
    t.deepEqual(withoutTidying(told.world), done);
    t.is(told.world.filter((line) => line === tidies).length, 1);
  });

  for (const when of ['before', 'after'] as const) {
    test(`killed ${when} each commit, a saga that ${fate === 'fails' ? 'fails' : 'is cancelled'} ends as it would have (scenario ${scenario})`, async (t) => {
      let kills = 0;
      for (let killed = true; killed;) {
        const told = await play(t, fate as Fate, when, kills + 1);
        killed = told.killed;
        if (killed) kills += 1;
        const place = `${when} commit ${kills}`;

        t.is(told.ended, ended, place);
        t.deepEqual(withoutTidying(firstTimes(told.world)), done, place);
        t.true(told.world.includes(tidies), place);
        const again = told.world.length - firstTimes(told.world).length;
        // A compensation and the finalizer of a cancelled run may be in flight together.
        t.true(
          again <= (when === 'after' ? 0 : 2),
          `what is recorded ran again, killed ${place}: ${told.world.join()}`,
        );
      }
      t.true(kills >= 7, `${kills} kills`);
    });
  }
}
