import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { EMPTY, map, mergeMap, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, Tempolite, workflow, type ActivityContext } from '../../source/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { deferred, engineOf } from '../_support/engine.js';
import { databaseOf, folderOf } from '../_support/folder.js';
import { program } from '../_support/program.js';

const note = defineSignal<string>('note');

test('close lets an activity in flight end within the deadline, and records it (scenario 38)', async (t) => {
  const gate = deferred<string>();
  const started = deferred();
  let calls = 0;
  const gated = workflow('gated', (n$: Observable<number>) =>
    n$.pipe(
      activity('gate', () => {
        calls += 1;
        started.resolve();
        return gate.promise;
      }),
      awaitSignal(note, (text, gate) => `${gate} ${text}`),
    ),
  );
  const url = databaseOf(t);
  const first = await Tempolite.open({ url, workflows: [gated] });
  await first.start(gated, 1, { id: 'gated' });
  await started.promise;
  const closing = first.close({ timeoutMs: 60_000 });
  gate.resolve('open');
  await closing;

  const second = await engineOf(t, { url, workflows: [gated] });
  const run = second.tempolite.run('gated', gated);
  await run.signal(note, 'now');
  t.is(await run.result(), 'open now');
  t.is(calls, 1);
});

test('after the deadline the AbortSignal fires, and the activity runs again when the engine is back (scenario 38)', async (t) => {
  const started = deferred();
  const reasons: string[] = [];
  let calls = 0;
  const stuck = workflow('stuck', (n$: Observable<number>) =>
    n$.pipe(
      activity('stuck', (n: number, { signal, idempotencyKey }: ActivityContext<number>) => {
        calls += 1;
        if (calls === 2) return `${n} ${idempotencyKey}`;
        started.resolve();
        return new Promise<string>((_, reject) => {
          signal.addEventListener('abort', () => {
            reasons.push((signal.reason as Error).name);
            reject(signal.reason as Error);
          });
        });
      }),
    ),
  );
  const url = databaseOf(t);
  const first = await Tempolite.open({ url, workflows: [stuck] });
  await first.start(stuck, 7, { id: 'stuck' });
  await started.promise;
  await first.close({ timeoutMs: 0 });
  t.deepEqual(reasons, ['AbortError']);

  const second = await engineOf(t, { url, workflows: [stuck] });
  t.is(await second.tempolite.run('stuck', stuck).result(), '7 stuck/0/activity:stuck#0');
});

test('an engine that closes between the last turn of a run and the commit of its end goes on with it when it is opened again', async (t) => {
  const url = databaseOf(t);
  const closed = deferred();
  let close: (() => void) | undefined = (): void => {
    first.close().then(closed.resolve, closed.reject);
  };
  const silent = workflow('silent', (n$: Observable<number>) =>
    n$.pipe(
      activity('step', (n: number) => n),
      mergeMap((): Observable<never> => {
        // Behind the end of this turn, and before the tick that looks at what it has led to.
        if (close !== undefined) setImmediate(close);
        close = undefined;
        return EMPTY;
      }),
    ),
  );
  const first = await Tempolite.open({ url, workflows: [silent], closeTimeoutMs: 0 });
  await first.start(silent, 1, { id: 'run' });
  await closed.promise;

  const second = await engineOf(t, { url, workflows: [silent] });
  await t.notThrowsAsync(second.clock.until(second.tempolite.run('run', silent).result()));
});

test('close is idempotent; what is asked for after it is refused', async (t) => {
  const echo = workflow('echo', (n$: Observable<number>) => n$.pipe(awaitSignal(note)));
  const url = databaseOf(t);
  const tempolite = await Tempolite.open({ url, workflows: [echo] });
  const run = await tempolite.start(echo, 1);
  const result = t.throwsAsync(run.result(), { code: 'ENGINE_CLOSED' });
  await Promise.all([tempolite.close(), tempolite.close()]);
  await tempolite.close();

  await result;
  await t.throwsAsync(tempolite.start(echo, 1), { code: 'ENGINE_CLOSED' });
  await t.throwsAsync(run.signal(note, 'late'), { code: 'JOURNAL_CLOSED' });
  t.deepEqual(await faultsOf(url), []);
});

test('a process with an open and then closed engine exits by itself, whatever its runs wait for (scenario 38)', async (t) => {
  const { code, errors } = await program(t, 'open-close', [`file:${join(folderOf(t), 'runs.db')}`]).ended;

  t.is(code, 0, errors);
});

test('a process without a worker that only waits for a result lives until it is there', async (t) => {
  const url = `file:${join(folderOf(t), 'runs.db')}`;
  const heard = workflow('heard', (n$: Observable<number>) => n$.pipe(awaitSignal(note, (text, n) => `${text} ${n}`)));
  const { tempolite } = await engineOf(t, { url, workflows: [heard] });
  const run = await tempolite.start(heard, 1, { id: 'run' });
  const onlooker = program(t, 'onlooker', [url, 'run']);
  await onlooker.message((message) => message === 'waiting');
  await new Promise((resolve) => onlooker.child.once('disconnect', resolve));

  await run.signal(note, 'hello');

  const { code, errors } = await onlooker.ended;
  t.is(code, 0, errors);
});

test('a process whose activities do not end is left without a handle by close, exits, and all goes on later (scenario 38)', async (t) => {
  const folder = folderOf(t);
  const [url, world] = [`file:${join(folder, 'runs.db')}`, join(folder, 'world')];
  const closed = program(t, 'close-busy', [url, world]);
  const told = await closed.message<{ readonly aborted: readonly string[]; readonly handles: readonly string[] }>(
    () => true,
  );
  const { code, errors } = await closed.ended;

  t.is(code, 0, errors);
  t.deepEqual(told.aborted, ['busy 0', 'busy 1', 'busy 2']);
  t.deepEqual(told.handles, []);
  const busy = workflow('busy', (n$: Observable<number>) =>
    n$.pipe(activity('stay', (_, { idempotencyKey }) => idempotencyKey)),
  );
  const { tempolite } = await engineOf(t, { url, workflows: [busy] });
  const keys = await Promise.all([0, 1, 2].map((n) => tempolite.run(`busy ${n}`, busy).result()));
  t.deepEqual(keys, readFileSync(world, 'utf8').trim().split('\n').sort());
});

test('starting with an id is idempotent; another input or workflow is refused', async (t) => {
  let calls = 0;
  const once = workflow('once', (n$: Observable<number>) =>
    n$.pipe(
      activity('once', (n: number) => {
        calls += 1;
        return n * 2;
      }),
    ),
  );
  const other = workflow('other', (n$: Observable<number>) => n$.pipe(map((n) => n)));
  const { tempolite } = await engineOf(t, { workflows: [once, other] });
  const [a, b] = await Promise.all([tempolite.start(once, 21, { id: 'x' }), tempolite.start(once, 21, { id: 'x' })]);

  t.deepEqual(await Promise.all([a.result(), b.result()]), [42, 42]);
  t.is(calls, 1);
  t.is(await (await tempolite.start(once, 21, { id: 'x' })).result(), 42);
  await t.throwsAsync(tempolite.start(once, 22, { id: 'x' }), { code: 'RUN_EXISTS' });
  await t.throwsAsync(tempolite.start(other, 21, { id: 'x' }), { code: 'RUN_EXISTS' });
  t.is((await tempolite.list()).length, 1);
});

test('bad options are refused before a file is touched', async (t) => {
  const echo = workflow('echo', (n$: Observable<number>) => n$);
  const url = `file:${join(folderOf(t), 'missing', 'runs.db')}`;

  await t.throwsAsync(Tempolite.open({ url, workflows: [echo], leaseMs: -1 }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(Tempolite.open({ url, workflows: [echo, echo] }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(Tempolite.open({ url: 'postgres://x', workflows: [echo] }), { code: 'UNSUPPORTED_URL' });
  await t.throwsAsync(Tempolite.open({ url, workflows: [echo] }), { code: 'JOURNAL_FAILED' });
});

test('a workflow that was not registered cannot be started', async (t) => {
  const known = workflow('known', (n$: Observable<number>) => n$);
  const unknown = workflow('unknown', (n$: Observable<number>) => n$);
  const { tempolite } = await engineOf(t, { workflows: [known] });

  await t.throwsAsync(tempolite.start(unknown, 1), { code: 'WORKFLOW_NOT_REGISTERED' });
});
