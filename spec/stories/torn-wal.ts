import { statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, Tempolite, workflow } from '../../source/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { folderOf } from '../_support/folder.js';
import { overwrite } from '../_support/pages.js';
import { program } from '../_support/program.js';

const go = defineSignal<string>('go');
const executed: number[] = [];
const waiting = workflow('waiting', (n$: Observable<number>) =>
  n$.pipe(
    activity('write', (n: number) => {
      executed.push(n);
      return `result ${n}`;
    }),
    awaitSignal(go, (word, text) => `${word} ${text}`),
  ),
);

interface Acknowledged {
  readonly acknowledged: number;
  readonly wal: number;
}

/** The header of the WAL is followed by frames, each a header and a page. */
const frameBytes = 24 + 4096;

/** A process that is killed after it has been told of thirty runs; answers with what it had said of the twentieth. */
const killed = async (t: ExecutionContext, path: string): Promise<Acknowledged> => {
  const child = program(t, 'acknowledged', [path]);
  const [twentieth] = await Promise.all([
    child.message<Acknowledged>(({ acknowledged }) => acknowledged === 19),
    child.message<Acknowledged>(({ acknowledged }) => acknowledged === 29),
  ]);
  await child.kill();
  return twentieth;
};

/** Opens what is left, and lets all runs go on that are there; answers with their number. */
const goOn = async (t: ExecutionContext, url: string): Promise<number> => {
  const tempolite = await Tempolite.open({ url, workflows: [waiting], closeTimeoutMs: 0 });
  t.teardown(() => tempolite.close());
  const runs = await tempolite.list({ limit: 1000 });
  for (const { id } of runs) await tempolite.run(id).signal(go, 'hello');
  const results = await Promise.all(runs.map(({ id }) => tempolite.run(id, waiting).result()));
  t.deepEqual(
    results,
    runs.map((_, n) => `hello result ${n}`),
  );
  await tempolite.close();
  t.deepEqual(await faultsOf(url), []);
  return runs.length;
};

const tails: Readonly<Record<string, (wal: string, from: number) => void>> = {
  'cut within a frame': (wal, from) => {
    truncateSync(wal, from + frameBytes / 2);
  },
  'cut between two frames': (wal, from) => {
    truncateSync(wal, from + frameBytes);
  },
  'overwritten with noise': (wal, from) => {
    overwrite(wal, from + 100, Buffer.alloc(statSync(wal).size - from - 100, 0xa5));
  },
};

for (const [what, tear] of Object.entries(tails)) {
  test.serial(
    `a WAL whose tail is ${what} keeps what was acknowledged before, and all of that goes on (scenario 35)`,
    async (t) => {
      const path = join(folderOf(t), 'runs.db');
      const { wal } = await killed(t, path);
      executed.length = 0;

      tear(`${path}-wal`, wal);
      const there = await goOn(t, `file:${path}`);

      t.true(there >= 20 && there < 30, `${there} runs are there`);
      t.true(
        executed.every((n) => n > 19),
        'nothing that was acknowledged before ran again',
      );
    },
  );
}
