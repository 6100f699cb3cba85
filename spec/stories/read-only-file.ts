import { join } from 'node:path';
import test from 'ava';
import { filter, firstValueFrom, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, Tempolite, workflow } from '../../source/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { immutable, readOnly } from '../_support/disks.js';
import { folderOf } from '../_support/folder.js';
import { listening } from '../_support/listening.js';

const go = defineSignal<string>('go');
const executed = new Map<string, number>();

const waiting = workflow('waiting', (n$: Observable<number>) =>
  n$.pipe(
    activity('once', (n: number, { runId }) => {
      executed.set(runId, (executed.get(runId) ?? 0) + 1);
      return n;
    }),
    awaitSignal(go, (word, n) => `${word} ${n}`),
  ),
);

/** A database in which a run waits for its signal, and that nobody has open. */
const leave = async (url: string, id: string): Promise<void> => {
  const tempolite = await Tempolite.open({ url, workflows: [waiting], closeTimeoutMs: 0 });
  const { state$ } = await tempolite.start(waiting, 1, { id });
  await firstValueFrom(state$.pipe(filter(({ status }) => status === 'waiting')));
  await tempolite.close();
};

test('a database in a read-only folder is read but not executed, and goes on when it can be written (scenario 35)', async (t) => {
  const folder = folderOf(t);
  const url = `file:${join(folder, 'runs.db')}`;
  await leave(url, 'in a folder');

  const undo = readOnly(t, folder);
  if (!undo) return;
  const error = await t.throwsAsync(Tempolite.open({ url, workflows: [waiting] }), { code: 'JOURNAL_READ_ONLY' });
  t.regex(error.message, /runs\.db.*writable/);
  const none = await t.throwsAsync(Tempolite.open({ url: `file:${join(folder, 'new.db')}` }), {
    code: 'JOURNAL_READ_ONLY',
  });
  t.regex(none.message, /new\.db/);
  const reader = await Tempolite.open({ url, worker: false });
  t.is((await reader.list())[0]?.id, 'in a folder');
  await t.throwsAsync(reader.run('in a folder').signal(go, 'lost'), { code: 'JOURNAL_READ_ONLY' });
  await reader.close();
  undo();
  const tempolite = await Tempolite.open({ url, workflows: [waiting], closeTimeoutMs: 0 });
  t.teardown(() => tempolite.close());
  await tempolite.run('in a folder').signal(go, 'hello');

  t.is(await tempolite.run('in a folder', waiting).result(), 'hello 1');
  t.is(executed.get('in a folder'), 1);
  await tempolite.close();
  t.deepEqual(await faultsOf(url), []);
});

test('a read-only file is read but not executed (scenario 35)', async (t) => {
  const path = join(folderOf(t), 'runs.db');
  const url = `file:${path}`;
  await leave(url, 'in a file');

  const undo = immutable(t, path);
  if (!undo) return;
  await t.throwsAsync(Tempolite.open({ url, workflows: [waiting] }), { code: 'JOURNAL_READ_ONLY' });
  const reader = await Tempolite.open({ url, worker: false });
  t.is((await reader.list())[0]?.status, 'waiting');
  await reader.close();
  undo();

  t.deepEqual(await faultsOf(url), []);
});

test('a file that becomes read-only under a running engine refuses who asks, and all goes on by itself (scenario 35)', async (t) => {
  const path = join(folderOf(t), 'runs.db');
  const url = `file:${path}`;
  const ear = listening();
  const tempolite = await Tempolite.open({
    url,
    workflows: [waiting],
    logger: ear.logger,
    commitRetryMs: 20,
    closeTimeoutMs: 0,
  });
  t.teardown(() => tempolite.close());
  const run = await tempolite.start(waiting, 1, { id: 'running' });
  await firstValueFrom(run.state$.pipe(filter(({ status }) => status === 'waiting')));
  await run.signal(go, 'hello');

  // The answer of the run to its signal has not been committed yet.
  const undo = immutable(t, path, `${path}-wal`);
  if (!undo) return;
  await ear.next(({ text, runId }) => text === 'the journal refused a commit; trying again' && runId === 'running');
  const error = await t.throwsAsync(tempolite.start(waiting, 2), { code: 'JOURNAL_FAILED' });
  t.regex(error.message, /runs\.db.*could not be read or written.*Check the disk/);
  undo();

  t.is(await run.result(), 'hello 1');
  t.is(executed.get('running'), 1);
  await tempolite.close();
  t.deepEqual(await faultsOf(url), []);
});
