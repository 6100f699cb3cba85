import { copyFileSync, existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import Database from 'libsql';
import type { Observable } from 'rxjs';
import { activity, awaitSignal, childWorkflow, defineSignal, expose, Tempolite, workflow } from '../../source/index.js';
import { TestClock } from '../../source/testing/index.js';
import { databaseOf, folderOf } from '../_support/files.js';
import { contentOf } from '../_support/golden.js';
import { program, type Program } from '../_support/program.js';

const go = defineSignal<number>('go');

const short = workflow('short', (length$: Observable<number>) =>
  length$.pipe(
    expose('length'),
    activity('say', (length: number) => 'x'.repeat(length)),
  ),
);
const waits = workflow('waits', (n$: Observable<number>) => n$.pipe(awaitSignal(go)));
const family = workflow('family', (n$: Observable<number>) => n$.pipe(childWorkflow(waits), awaitSignal(go)));

/** A database most of whose runs have ended, alone or with a child; some payloads are big, and have a place of their own. */
const full = async (t: ExecutionContext, runsInIt: number, length: number): Promise<string> => {
  const clock = new TestClock(Date.UTC(2020, 0, 1));
  const options = { url: `file:${databaseOf(t)}`, workflows: [short, waits, family], clock, bigPayloadBytes: 10_000 };
  const tempolite = await Tempolite.open(options);
  const runs = await Promise.all(
    Array.from({ length: runsInIt }, (_, n) => tempolite.start(short, n % 40 === 0 ? 20_000 + n : length)),
  );
  const parents = await Promise.all([1, 2, 3].map((n) => tempolite.start(family, n, { id: `family ${n}` })));
  await clock.settle();
  for (const { id } of parents) await tempolite.run(`${id}/0/child:waits#0`).signal(go, 1);
  for (const parent of parents.slice(1)) await parent.signal(go, 2);
  await clock.until(Promise.all([...runs, ...parents.slice(1)].map((run) => run.result())));
  // What is copied by other means has to have no WAL.
  const whole = databaseOf(t);
  await tempolite.backup(whole);
  await tempolite.close();
  return whole;
};

const copyOf = (t: ExecutionContext, path: string): string => {
  const copy = databaseOf(t);
  copyFileSync(path, copy);
  return copy;
};

/** Opens what a killed process has left: nothing is wrong with it. */
const openedWell = async (path: string, t: ExecutionContext): Promise<Tempolite> => {
  const tempolite = await Tempolite.open({ url: `file:${path}`, worker: false });
  t.teardown(() => tempolite.close());
  t.deepEqual(await tempolite.check(), []);
  return tempolite;
};

const idsOf = async (tempolite: Tempolite): Promise<readonly string[]> =>
  (await tempolite.list({ limit: 1000 })).map(({ id }) => id);

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const freePagesOf = (path: string): unknown => {
  // A connection that was closed here may be let go by the collector just now.
  const database = new Database(path, { timeout: 5000 });
  const [[free] = []] = database.prepare('PRAGMA freelist_count').raw(true).all([]) as unknown[][];
  database.close();
  return free;
};

/** Kills a process when a file is so big, or lets it end before. */
const killedWhen = async ({ child, ended }: Program, path: string, bytes: number): Promise<void> => {
  while (child.exitCode === null && sizeOf(path) < bytes) await setImmediate();
  child.kill('SIGKILL');
  await ended;
};

const left = ['family 1', 'family 1/0/child:waits#0'];

interface Done {
  readonly reports: number;
  readonly commits: number;
}

test('a process is killed at any time while it prunes, and the next prune ends the job', async (t) => {
  const path = await full(t, 210, 100);
  const alone = copyOf(t, path);
  const { reports, commits } = await program(t, 'care', [`file:${alone}`, 'prune']).message<Done>(
    (message) => 'reports' in message,
  );
  t.true(reports >= 7, `${reports} reports: of runs, rows and big payloads`);
  const pruned = contentOf(alone);
  const instants = [
    'progress 1',
    `progress ${reports}`,
    // Every other one: runs and rows take turns.
    ...Array.from({ length: Math.ceil(commits / 2) }, (_, n) => `commit ${2 * n + 1}`),
    'after sql incremental_vacuum',
  ];

  for (const instant of instants) {
    const copy = copyOf(t, path);
    t.is((await program(t, 'care', [`file:${copy}`, 'prune', instant]).ended).signal, 'SIGKILL', instant);
    const tempolite = await openedWell(copy, t);
    await tempolite.prune();
    t.deepEqual(await idsOf(tempolite), left, instant);
    await tempolite.close();
    t.true(isDeepStrictEqual(contentOf(copy), pruned), instant);
    t.is(freePagesOf(copy), 0);
  }
});

test('a process is killed while it writes its file anew, and nothing is lost', async (t) => {
  const path = await full(t, 40, 9_900);
  for (const part of [0.05, 0.6]) {
    const copy = copyOf(t, path);
    const rewriting = program(t, 'care', [`file:${copy}`, 'rewrite']);
    await killedWhen(rewriting, `${copy}-wal`, part * sizeOf(path));

    const tempolite = await openedWell(copy, t);
    await tempolite.prune({ space: 'rewrite' });
    t.deepEqual(await idsOf(tempolite), left);
    await tempolite.close();
    t.is(freePagesOf(copy), 0);
  }
});

test('a process is killed at any time while it makes a backup, which stands under its name when it is whole', async (t) => {
  const path = await full(t, 30, 9_900);
  const whole = contentOf(path);
  const instants = [
    'after closeSync',
    'growing 0.1',
    'growing 0.6',
    'sql DELETE FROM tempolite_workers',
    'after sql DELETE FROM tempolite_workers',
    'before fsyncSync',
    'before renameSync',
    'after renameSync',
  ];

  for (const instant of instants) {
    const backup = join(folderOf(t), 'backup.db');
    const killed = program(t, 'care', [`file:${path}`, backup, instant]);
    const [, part] = instant.split('growing ');
    if (part !== undefined) await killedWhen(killed, `${backup}.partial`, Number(part) * sizeOf(path));
    else t.is((await killed.ended).signal, 'SIGKILL', instant);

    if (instant === 'after renameSync') t.true(existsSync(backup));
    else if (part === undefined) t.false(existsSync(backup), instant);
    const tempolite = await Tempolite.open({ url: `file:${path}`, worker: false });
    t.teardown(() => tempolite.close());
    if (!existsSync(backup)) await tempolite.backup(backup);
    await tempolite.close();
    t.deepEqual(readdirSync(dirname(backup)), ['backup.db'], `${instant}: nothing half-done is left`);
    t.true(isDeepStrictEqual(contentOf(backup), whole), instant);
    await (await openedWell(backup, t)).close();
  }
  await (await openedWell(path, t)).close();
});
