import { join } from 'node:path';
import test from 'ava';
import { faultsOf } from '../_support/check-journal.js';
import { folderOf } from '../_support/folder.js';
import { startHrana } from '../_support/hrana/server.js';
import { soak } from '../soak/soak.js';

const briefly = { seconds: 5, healSeconds: 60, processes: 4 };

// A minute of each, and more of it: `npm run soak`.
test.serial(
  'four processes on one file, killed and frozen at random: no error reaches a user, nothing is lost, nothing is twice (scenario 34)',
  async (t) => {
    t.timeout(120_000);
    const folder = folderOf(t);
    const url = `file:${join(folder, 'runs.db')}`;

    const { faults, figures } = await soak({ ...briefly, url, world: join(folder, 'world'), seed: 11 });

    t.deepEqual(faults, []);
    t.deepEqual(await faultsOf(url), []);
    t.true((figures['kills'] ?? 0) + (figures['freezes'] ?? 0) > 0);
  },
);

test.serial('the same on a server whose connections break', async (t) => {
  t.timeout(120_000);
  const folder = folderOf(t);
  const server = await startHrana(join(folder, 'runs.db'));
  t.teardown(() => server.close());
  const trouble = (): void => {
    server.faults.plan({ do: 'cut', when: 'after' }, { writes: true, after: 1 });
  };

  const { faults } = await soak({ ...briefly, url: server.http, world: join(folder, 'world'), seed: 12, trouble });

  t.deepEqual(faults, []);
  t.deepEqual(await faultsOf(server.http), []);
});
