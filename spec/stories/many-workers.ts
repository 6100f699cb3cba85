import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { filter, firstValueFrom, map, take, toArray, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  defineSignal,
  expose,
  sleep,
  Tempolite,
  workflow,
  type TempoliteOptions,
} from '../../source/index.js';
import { TestClock } from '../../source/testing/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { deferred } from '../_support/engine.js';
import { databaseOf, folderOf } from '../_support/folder.js';
import { watchFences } from '../_support/watch-fences.js';
import { program } from '../_support/program.js';
import { stopOutsideOfLock } from '../_support/stop.js';

const go = defineSignal<string>('go');

/** Several engines on one file: to the database each is a process of its own. */
const engineOn = async (t: ExecutionContext, url: string, options: TempoliteOptions): Promise<Tempolite> => {
  const tempolite = await Tempolite.open({ closeTimeoutMs: 0, ...options, url });
  t.teardown(() => tempolite.close());
  return tempolite;
};

/** Counts who executed what. */
const counted = (executed: string[], name: string) =>
  workflow('counted', (n$: Observable<number>) =>
    n$.pipe(
      activity('count', (n: number) => {
        executed.push(`${n} by ${name}`);
        return n;
      }),
    ),
  );

const heard = workflow('heard', (n$: Observable<number>) =>
  n$.pipe(
    awaitSignal(go, (text, n) => `${text} ${n}`),
    expose('word'),
  ),
);

test('several workers share the runs of a file, and each run is executed by one of them (scenario 33)', async (t) => {
  const url = databaseOf(t);
  const executed: string[] = [];
  const client = await engineOn(t, url, { worker: false });
  const runs = Array.from({ length: 200 }, (_, n) => client.start(counted([], ''), n, { id: `run ${n}` }));
  await Promise.all(runs);

  const names = ['a', 'b', 'c'];
  await Promise.all(
    names.map((name) => engineOn(t, url, { workflows: [counted(executed, name)], maxResidentRuns: 5 })),
  );
  const results = await Promise.all(runs.map(async (run) => (await run).result()));

  t.deepEqual(
    results,
    results.map((_, n) => n),
  );
  t.is(executed.length, 200);
  t.is(new Set(executed.map((text) => text.split(' ')[0])).size, 200);
});

test('a process without a worker starts, signals, asks and watches what the worker of another executes', async (t) => {
  const url = databaseOf(t);
  const client = await engineOn(t, url, { worker: false });
  const run = await client.start(heard, 1, { id: 'run' });
  const states = firstValueFrom(
    run.state$.pipe(
      map(({ status }) => status),
      toArray(),
    ),
  );
  const listed = firstValueFrom(
    client.runs$({ status: 'completed' }).pipe(
      map(({ id }) => id),
      take(1),
    ),
  );
  const events = firstValueFrom(
    client.events$().pipe(
      filter(({ event }) => event.type === 'run-completed'),
      map(({ runId }) => runId),
    ),
  );
  const words = firstValueFrom(run.exposed$<string>('word').pipe(toArray()));

  t.is((await client.list())[0]?.status, 'pending');
  await engineOn(t, url, { workflows: [heard] });
  await run.pause();
  t.is((await client.list())[0]?.status, 'paused');
  await run.resume();
  await run.signal(go, 'hello');

  t.is(await run.result(), 'hello 1');
  t.is((await states).at(-1), 'completed');
  t.is(await listed, 'run');
  t.is(await events, 'run');
  t.deepEqual(await words, ['hello 1']);
  t.deepEqual(await firstValueFrom(run.output$.pipe(toArray())), ['hello 1']);
  await t.throwsAsync(run.cancel(), { code: 'WRONG_STATE' });
});

test('a run is cancelled, terminated and replayed from a process that does not execute it', async (t) => {
  const url = databaseOf(t);
  let isBroken = true;
  const failing = workflow('failing', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'fail',
        (n: number) => {
          if (isBroken) throw new Error('broken');
          return n;
        },
        { retry: { maxAttempts: 1 } },
      ),
    ),
  );
  await engineOn(t, url, { workflows: [heard, failing] });
  const client = await engineOn(t, url, { worker: false });
  const [cancelled, terminated, failed] = [
    await client.start(heard, 1),
    await client.start(heard, 2),
    await client.start(failing, 3),
  ];

  await cancelled.cancel();
  await terminated.terminate();
  await t.throwsAsync(cancelled.result(), { code: 'RUN_CANCELLED' });
  await t.throwsAsync(terminated.result(), { code: 'RUN_TERMINATED' });
  await t.throwsAsync(failed.result(), { code: 'ACTIVITY_FAILED' });
  isBroken = false;
  await failed.replay();

  t.is(await failed.result(), 3);
});

test('a run waits for a worker that knows its workflow and version, whoever else is there', async (t) => {
  const url = databaseOf(t);
  const executed: string[] = [];
  const client = await engineOn(t, url, { worker: false });
  const other = workflow('other', (n$: Observable<number>) => n$);
  await engineOn(t, url, { workflows: [other] });
  const [first, second] = [await client.start(counted([], ''), 1), await client.start(other, 2)];

  t.is(await second.result(), 2);
  t.is((await client.list({ workflow: 'counted' }))[0]?.status, 'pending');
  await engineOn(t, url, { workflows: [counted(executed, 'late')] });

  t.is(await first.result(), 1);
  t.deepEqual(executed, ['1 by late']);
});

test('what a worker leaves when it closes goes on at the others at once', async (t) => {
  const url = databaseOf(t);
  const leaving = await Tempolite.open({ url, workflows: [heard], closeTimeoutMs: 0 });
  const staying = await engineOn(t, url, { workflows: [heard], leaseMs: 3_600_000 });
  const run = await leaving.start(heard, 1, { id: 'run' });
  await firstValueFrom(run.state$.pipe(filter(({ status }) => status === 'waiting')));
  await staying.run('run').signal(go, 'mail');
  await run.result();
  const left = await leaving.start(heard, 2, { id: 'left' });
  await firstValueFrom(left.state$.pipe(filter(({ status }) => status === 'waiting')));

  await leaving.close();
  await staying.run('left').signal(go, 'more mail');

  t.is(await staying.run('left').result(), 'more mail 2');
});

test('a timer of a run whose worker has closed fires at another', async (t) => {
  const url = databaseOf(t);
  const napping = workflow('napping', (n$: Observable<number>) => n$.pipe(sleep('nap', '1 week')));
  const clock = new TestClock();
  const leaving = await Tempolite.open({ url, workflows: [napping], closeTimeoutMs: 0, clock });
  const staying = await engineOn(t, url, { workflows: [napping], clock });
  const run = await leaving.start(napping, 1, { id: 'run' });
  await firstValueFrom(run.state$.pipe(filter(({ status }) => status === 'waiting')));

  await leaving.close();

  t.is(await clock.until(staying.run('run').result()), 1);
});

interface Told {
  readonly open?: true;
  readonly began?: number;
  readonly said?: string;
}

test('a worker that was stopped past its lease loses its runs, writes nothing more for them, and begins anew (scenario 33)', async (t) => {
  const folder = folderOf(t);
  const path = join(folder, 'runs.db');
  const url = `file:${path}`;
  const world = join(folder, 'world');
  await watchFences(url);
  const client = await engineOn(t, url, { worker: false });
  const charging = workflow('charging', (n$: Observable<number>) => n$.pipe(map((n) => `${n}`)));
  const frozen = program(t, 'gated', [url, world, 'frozen', '500']);
  await frozen.message<Told>(({ open }) => open === true);
  const run = await client.start(charging, 1, { id: 'run' });
  await frozen.said<Told>(({ began }) => began === 1);

  await stopOutsideOfLock(frozen, path);
  const other = program(t, 'gated', [url, world, 'other', '500']);
  await other.said<Told>(({ began }) => began === 1);
  other.child.send('finish');
  t.is(await run.result(), '1 charged by other');
  const lost = frozen.said<Told>(({ said }) => said?.startsWith('others have taken over') === true);
  frozen.child.send('finish');
  frozen.child.kill('SIGCONT');
  await lost;
  const gone = other.ended;
  other.child.send('close');
  await gone;
  const next = await client.start(charging, 2, { id: 'next' });

  t.is(await next.result(), '2 charged by frozen');
  t.deepEqual(
    (await firstValueFrom(client.run('run').events$.pipe(toArray()))).map(({ type }) => type),
    ['started', 'activity-completed', 'output-emitted', 'run-completed'],
  );
  const effects = readFileSync(world, 'utf8').trim().split('\n');
  t.is(effects.length, 3);
  t.is(
    new Set(effects.map((line) => line.split(' by ')[0])).size,
    2,
    'the second attempt has the same idempotency key',
  );
  frozen.child.send('close');
  await frozen.ended;
  await client.close();
  t.deepEqual(await faultsOf(url), []);
});

test('a worker that is killed is taken over without waiting for its lease', async (t) => {
  const folder = folderOf(t);
  const url = `file:${join(folder, 'runs.db')}`;
  const world = join(folder, 'world');
  await watchFences(url);
  const killed = program(t, 'gated', [url, world, 'killed', '3600000']);
  await killed.message<Told>(({ open }) => open === true);
  const client = await engineOn(t, url, { worker: false });
  const charging = workflow('charging', (n$: Observable<number>) => n$.pipe(map((n) => `${n}`)));
  const run = await client.start(charging, 1, { id: 'run' });
  await killed.said<Told>(({ began }) => began === 1);

  await killed.kill();
  const other = program(t, 'gated', [url, world, 'other', '3600000']);
  await other.said<Told>(({ began }) => began === 1);
  other.child.send('finish');

  t.is(await run.result(), '1 charged by other');
});

test('activities of runs that were taken over hear of it by their AbortSignal', async (t) => {
  const url = databaseOf(t);
  const [began, aborted] = [deferred(), deferred<string>()];
  const slow = workflow('slow', (n$: Observable<number>) =>
    n$.pipe(
      activity('slow', async (n: number, { signal }) => {
        signal.addEventListener('abort', () => {
          aborted.resolve(String(signal.reason));
        });
        began.resolve();
        await aborted.promise;
        return n;
      }),
    ),
  );
  const one = await engineOn(t, url, { workflows: [slow], leaseMs: 200 });
  await one.start(slow, 1, { id: 'run' });
  await began.promise;

  const Database = (await import('libsql')).default;
  const database = new Database(url.slice('file:'.length));
  database.exec('DELETE FROM tempolite_workers');
  database.close();

  t.regex(await aborted.promise, /another worker has taken over/);
});
