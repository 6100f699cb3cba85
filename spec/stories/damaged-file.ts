import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { filter, firstValueFrom, toArray, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, Tempolite, workflow, type Run } from '../../source/index.js';
import Database from 'libsql';
import { faultsOf } from '../_support/check-journal.js';
import { folderOf } from '../_support/folder.js';
import { listening } from '../_support/listening.js';
import { damagePageWith, overwrite, settleFile } from '../_support/pages.js';

const go = defineSignal<string>('go');
const calls: string[] = [];

const waiting = workflow('waiting', (n$: Observable<number>) =>
  n$.pipe(
    activity('write', (n: number, { runId }) => {
      calls.push(runId);
      return `result of ${runId} is ${n} ${'x'.repeat(3000)}`;
    }),
    awaitSignal(go, (word, text) => `${word} ${text.slice(0, text.indexOf('x')).trim()}`),
  ),
);

const isWaiting = ({ state$ }: Run<string>): Promise<unknown> =>
  firstValueFrom(state$.pipe(filter(({ status }) => status === 'waiting')));

/** A database in which some runs wait, each with its result in a page of its own; a copy of it is a backup. */
const left = async (
  t: ExecutionContext,
  prefix: string,
): Promise<{ readonly path: string; readonly backup: string }> => {
  const path = join(folderOf(t), 'runs.db');
  const tempolite = await Tempolite.open({ url: `file:${path}`, workflows: [waiting], closeTimeoutMs: 0 });
  for (let n = 0; n < 10; n += 1) await isWaiting(await tempolite.start(waiting, n, { id: `${prefix}-${n}.` }));
  await tempolite.close();
  settleFile(path);
  const backup = `${path}.backup`;
  copyFileSync(path, backup);
  return { path, backup };
};

test('a file with a damaged header is refused and left as it is; its backup goes on (scenario 35)', async (t) => {
  const { path, backup } = await left(t, 'header');
  const url = `file:${path}`;
  overwrite(path, 0, Buffer.from('SQLite format 9\0'));
  const before = readFileSync(path);

  const error = await t.throwsAsync(Tempolite.open({ url, workflows: [waiting] }), { code: 'JOURNAL_CORRUPT' });
  t.regex(error.message, /runs\.db.*not a libSQL database/);
  t.deepEqual(readFileSync(path), before);
  const tempolite = await Tempolite.open({ url: `file:${backup}`, workflows: [waiting], closeTimeoutMs: 0 });
  t.teardown(() => tempolite.close());
  await tempolite.run('header-5.').signal(go, 'hello');

  t.is(await tempolite.run('header-5.', waiting).result(), 'hello result of header-5. is 5');
});

test('a damaged page stops the run that stands in it; the engine says which, neither crashes nor loops, and others go on (scenario 35)', async (t) => {
  const { path, backup } = await left(t, 'page');
  const url = `file:${path}`;
  damagePageWith(path, 'result of page-5. is');
  const ear = listening();
  const options = { url, workflows: [waiting], closeTimeoutMs: 0, parkAfterMs: 0, evictAfterMs: 0 };

  const tempolite = await Tempolite.open({ ...options, logger: ear.logger, commitRetryMs: 100 });
  t.teardown(() => tempolite.close());
  const stopped = ear.next(({ code, runId }) => code === 'JOURNAL_CORRUPT' && runId === 'page-5.');
  await tempolite.run('page-5.').signal(go, 'kept');
  const { text, message } = await stopped;
  t.is(text, 'run could not be read; it is read again');
  t.regex(message, /runs\.db.*damaged.*backup/);
  const events = firstValueFrom(tempolite.run('page-5.').events$.pipe(toArray()));
  await t.throwsAsync(events, { code: 'JOURNAL_CORRUPT' });
  for (const id of ['page-1.', 'page-9.']) {
    await tempolite.run(id).signal(go, 'hello');
    t.is(await tempolite.run(id, waiting).result(), `hello result of ${id} is ${id[5]}`);
  }
  const added = await tempolite.start(waiting, 10, { id: 'page-10.' });
  await added.signal(go, 'hello');
  t.is(await added.result(), 'hello result of page-10. is 10');
  t.is((await tempolite.list({ status: 'waiting' })).length, 8);
  const cpu = process.cpuUsage();
  const tries = ear.heard.length;
  await ear.next(({ runId }) => runId === 'page-5.');
  const { user, system } = process.cpuUsage(cpu);
  t.true(ear.heard.length - tries <= 2, 'it is read again now and then');
  t.true(user + system < 80_000, 'a tenth of a second of waiting took less time of the processor');
  await tempolite.close();

  const mended = await Tempolite.open({ ...options, url: `file:${backup}` });
  t.teardown(() => mended.close());
  await mended.run('page-5.').signal(go, 'again');
  t.is(await mended.run('page-5.', waiting).result(), 'again result of page-5. is 5');
  t.is(calls.filter((id) => id === 'page-5.').length, 1);
  await mended.close();
  t.deepEqual(await faultsOf(`file:${backup}`), []);
});

test('a text whose bits have flipped stops its run alone, and the process lives (scenario 35)', async (t) => {
  const { path } = await left(t, 'bits');
  const url = `file:${path}`;
  const place = readFileSync(path).indexOf('result of bits-5. is');
  overwrite(path, place, Buffer.from([0xff]));
  const ear = listening();

  const tempolite = await Tempolite.open({ url, workflows: [waiting], closeTimeoutMs: 0, logger: ear.logger });
  t.teardown(() => tempolite.close());
  const stopped = ear.next(({ runId }) => runId === 'bits-5.');
  await tempolite.run('bits-5.').signal(go, 'kept');
  await tempolite.run('bits-6.').signal(go, 'hello');

  t.like(await stopped, { code: 'JOURNAL_CORRUPT', text: 'run could not be read; it is read again' });
  t.is(await tempolite.run('bits-6.', waiting).result(), 'hello result of bits-6. is 6');
  await t.throwsAsync(firstValueFrom(tempolite.run('bits-5.').events$.pipe(toArray())), { code: 'JOURNAL_CORRUPT' });
});

test('a file of a newer release is refused and left as it is; that release goes on with it (scenario 35)', async (t) => {
  const { path } = await left(t, 'newer');
  const url = `file:${path}`;
  const database = new Database(path);
  const version = (database.prepare('PRAGMA user_version').raw(true).all() as [[number]])[0][0];
  database.exec('PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  const before = readFileSync(path);

  for (const worker of [true, false]) {
    const error = await t.throwsAsync(Tempolite.open({ url, worker }), { code: 'JOURNAL_NEWER' });
    t.regex(error.message, new RegExp(`schema 99.*up to ${version}.*install`));
  }
  t.deepEqual(readFileSync(path), before);
  const newer = new Database(path);
  newer.exec(`PRAGMA user_version = ${version}`);
  newer.close();
  const tempolite = await Tempolite.open({ url, workflows: [waiting], closeTimeoutMs: 0 });
  t.teardown(() => tempolite.close());
  await tempolite.run('newer-3.').signal(go, 'hello');

  t.is(await tempolite.run('newer-3.', waiting).result(), 'hello result of newer-3. is 3');
  await tempolite.close();
  t.deepEqual(await faultsOf(url), []);
});
