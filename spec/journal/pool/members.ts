import test from 'ava';
import type { Change } from '../../../source/journal/journal.js';
import type { Catalogue, PoolFile } from '../../../source/journal/pool/catalogue.js';
import { Members } from '../../../source/journal/pool/members.js';
import type { Opener } from '../../../source/journal/pool/member.js';

const fileOf = (number: number, state: 'open' | 'finished' = 'open'): PoolFile => ({
  number,
  location: `${number}.db`,
  state,
  heldAt: 0,
  last: undefined,
});

/** Members over a catalogue of the test's own, and what they do. */
const over = (files: PoolFile[]): { readonly members: Members; readonly did: string[]; readonly told: Change[] } => {
  const [did, told]: [string[], Change[]] = [[], []];
  let version = 0;
  const catalogue = {
    files: () => Promise.resolve([...files]),
    version: () => Promise.resolve((version += 1)),
    hold: (number: number) => {
      did.push(`hold ${number}`);
      files.splice(number - 1, 1, fileOf(number));
      return Promise.resolve();
    },
  } as Partial<Catalogue> as Catalogue;
  const opener = {
    open: ({ number }: PoolFile) => {
      did.push(`open ${number}`);
      const act = (what: string) => (): Promise<void> => {
        did.push(`${what} ${number}`);
        return Promise.resolve();
      };
      const journal = { subscribe: () => () => undefined, acquire: act('join'), release: act('leave') };
      return Promise.resolve({ journal, close: act('close') });
    },
  } as unknown as Opener;
  const members = new Members(catalogue, opener, { restMs: 60_000, idleMs: 0, mostIdle: 0 }, (changes) => {
    told.push(...changes);
  });
  return { members, did, told };
};

const worker = { id: 'w', leaseMs: 1 };

test('a worker is in all files in which something may happen, and in those that come', async (t) => {
  const files = [fileOf(1, 'finished'), fileOf(2)];
  const { members, did } = over(files);
  await members.refresh();
  await members.join(worker);

  files.push(fileOf(3));
  await members.refresh();

  t.deepEqual(did, ['open 2', 'join 2', 'open 3', 'join 3']);
});

test('what others have changed in the catalogue is told, what is as it was is not', async (t) => {
  const files = [fileOf(1), fileOf(2)];
  const { members, told } = over(files);
  await members.refresh();
  await members.refresh();
  t.deepEqual(told, []);

  files.splice(0, 1, fileOf(1, 'finished'));
  await members.refresh();
  t.deepEqual(told, [{ type: 'foreign' }]);
  t.true(!members.isBusy(1) && members.isRecent(1), 'some may not have heard of its end yet');
  files.push(fileOf(3));
  await members.refresh();

  t.is(told.length, 2);
});

test('a file is held before it is written to, once in a while, and joined when it is brought back', async (t) => {
  const { members, did } = over([fileOf(1, 'finished'), fileOf(2)]);
  await members.refresh();
  await members.join(worker);
  did.splice(0);
  const write = (number: number): Promise<void> =>
    members.write(number, () => {
      did.push(`write ${number}`);
      return Promise.resolve();
    });

  await write(2);
  await write(2);
  await write(1);

  t.deepEqual(did, ['hold 2', 'write 2', 'write 2', 'hold 1', 'open 1', 'join 1', 'write 1']);
});

test('a finished file that was read is closed, unless it is being read', async (t) => {
  const { members, did } = over([fileOf(1, 'finished'), fileOf(2)]);
  await members.refresh();
  await members.join(worker);
  did.splice(0);

  await members.use(1, async () => {
    await members.closeIdle();
    did.push('read 1');
  });
  await members.closeIdle();
  await members.closeIdle();

  t.deepEqual(did, ['open 1', 'read 1', 'close 1']);
});
