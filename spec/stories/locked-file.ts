import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Observable } from 'rxjs';
import { activity, Tempolite, workflow, type TempoliteOptions } from '../../source/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { deferred } from '../_support/engine.js';
import { folderOf } from '../_support/folder.js';
import { listening } from '../_support/listening.js';
import { program, type Program } from '../_support/program.js';

/** An engine whose activity is done when the test says so. */
const gatedEngine = async (t: ExecutionContext, options: TempoliteOptions = {}) => {
  const path = join(folderOf(t), 'runs.db');
  const gate = deferred();
  const calls: number[] = [];
  const gated = workflow('gated', (n$: Observable<number>) =>
    n$.pipe(
      activity('gate', async (n: number) => {
        calls.push(n);
        await gate.promise;
        return n + 1;
      }),
    ),
  );
  const url = `file:${path}`;
  const tempolite = await Tempolite.open({ closeTimeoutMs: 0, ...options, url, workflows: [gated] });
  t.teardown(() => tempolite.close());
  return { tempolite, path, url, gated, gate, calls };
};

const lock = async (t: ExecutionContext, path: string): Promise<Program> => {
  const locker = program(t, 'locker', [path]);
  await locker.message<{ readonly locked?: true }>(({ locked }) => locked === true);
  return locker;
};

test('a lock that another program holds for a while is waited for by all, and the event loop goes on (scenario 35)', async (t) => {
  const { tempolite, path, url, gated, gate, calls } = await gatedEngine(t);
  const first = await tempolite.start(gated, 1);

  const locker = await lock(t, path);
  let isStarted = false;
  const second = tempolite.start(gated, 2).finally(() => (isStarted = true));
  gate.resolve();
  t.is((await tempolite.list())[0]?.status, 'running', 'it can be read');
  t.false(isStarted);
  locker.child.send('unlock');

  t.is(await first.result(), 2);
  t.is(await (await second).result(), 3);
  t.deepEqual(calls, [1, 2]);
  await tempolite.close();
  t.deepEqual(await faultsOf(url), []);
});

test('a lock that outlasts busyTimeoutMs refuses who asks; runs go on by themselves when it is gone (scenario 35)', async (t) => {
  const ear = listening();
  const { tempolite, path, url, gated, gate, calls } = await gatedEngine(t, {
    busyTimeoutMs: 50,
    commitRetryMs: 20,
    logger: ear.logger,
  });
  const run = await tempolite.start(gated, 1, { id: 'run' });

  const locker = await lock(t, path);
  const refused = ear.next(({ text }) => text === 'the journal refused a commit; trying again');
  gate.resolve();
  t.like(await refused, { code: 'JOURNAL_BUSY', runId: 'run' });
  const error = await t.throwsAsync(tempolite.start(gated, 2, { id: 'refused' }), { code: 'JOURNAL_BUSY' });
  t.regex(error.message, /runs\.db.*another connection holds the write lock/);
  locker.child.send('unlock');

  t.is(await run.result(), 2);
  t.deepEqual(calls, [1]);
  t.is((await tempolite.list()).length, 1, 'what was refused is not there');
  await tempolite.close();
  t.deepEqual(await faultsOf(url), []);
});

test('another program that dies while it holds the lock holds nobody up (scenario 35)', async (t) => {
  const { tempolite, path, url, gated, gate } = await gatedEngine(t);
  const run = await tempolite.start(gated, 1);

  const locker = await lock(t, path);
  gate.resolve();
  await locker.kill();

  t.is(await run.result(), 2);
  await tempolite.close();
  t.deepEqual(await faultsOf(url), []);
});
