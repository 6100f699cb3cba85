import test, { type ExecutionContext } from 'ava';
import type { Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, Tempolite, workflow, type TempoliteOptions } from '../../source/index.js';
import { deferred } from '../_support/engine.js';
import { databaseOf } from '../_support/folder.js';

/** What goes wrong between several workers on one file when their knowledge of a run is a little old. */

const go = defineSignal<string>('go');
const heard = workflow('heard', (n$: Observable<number>) => n$.pipe(awaitSignal(go, (text, n) => `${text} ${n}`)));

const engineOn = async (t: ExecutionContext, options: TempoliteOptions): Promise<Tempolite> => {
  const tempolite = await Tempolite.open({ closeTimeoutMs: 0, ...options });
  t.teardown(() => tempolite.close());
  return tempolite;
};

test('a worker whose waiting runs have gone elsewhere goes on claiming others', async (t) => {
  const url = databaseOf(t);
  const gates = { a: deferred(), b: deferred(), c: deferred() };
  const began = { a: deferred(), b: deferred(), c: deferred() };
  const held = workflow('held', (name$: Observable<'a' | 'b' | 'c'>) =>
    name$.pipe(
      activity('hold', async (name: 'a' | 'b' | 'c') => {
        began[name].resolve();
        await gates[name].promise;
        return name;
      }),
    ),
  );
  const one = await engineOn(t, { url, workflows: [held], maxResidentRuns: 1 });
  const runs = [];
  for (const name of ['a', 'b', 'c'] as const) runs.push(await one.start(held, name, { id: name }));
  await began.a.promise;
  await engineOn(t, { url, workflows: [held], maxResidentRuns: 1 });
  await Promise.race([began.b.promise, began.c.promise]);

  gates.a.resolve();
  await Promise.all([began.b.promise, began.c.promise]);
  gates.b.resolve();
  gates.c.resolve();

  t.deepEqual(await Promise.all(runs.map((run) => run.result())), ['a', 'b', 'c']);
});

test('a request that changes nothing leaves the run to a worker that knows it', async (t) => {
  const url = databaseOf(t);
  const before = await Tempolite.open({ url, workflows: [heard], parkAfterMs: 0, closeTimeoutMs: 0 });
  const run = await before.start(heard, 1, { id: 'run' });
  await run.pause();
  await before.close();
  const stranger = await engineOn(t, { url });
  await engineOn(t, { url, workflows: [heard] });

  await Promise.all([stranger.run('run').resume(), stranger.run('run').resume()]);
  await stranger.run('run').signal(go, 'hello');

  t.is(await stranger.run('run').result(), 'hello 1');
});

test('what is asked of a run that blocks in the meantime is decided', async (t) => {
  const url = databaseOf(t);
  const stepped = (step: string) =>
    workflow('stepped', (n$: Observable<number>) =>
      n$.pipe(
        activity(step, (n: number) => n),
        awaitSignal(go, (text) => text),
      ),
    );
  const before = await Tempolite.open({ url, workflows: [stepped('x')], parkAfterMs: 0, closeTimeoutMs: 0 });
  const waiting = before.start(stepped('x'), 1, { id: 'run' });
  await (await waiting).pause();
  await before.run('run').resume();
  await before.close();
  const changed = await engineOn(t, { url, workflows: [stepped('y')] });

  await Promise.all([changed.run('run').signal(go, 'hello'), changed.run('run').pause()]);

  t.is((await changed.list())[0]?.status, 'paused');
});

test('a process without a worker retries a run of a workflow that it does not know', async (t) => {
  const url = databaseOf(t);
  const echo = workflow('echo', (n$: Observable<number>) => n$);
  const worker = await engineOn(t, { url, workflows: [echo] });
  await (await worker.start(echo, 7, { id: 'run' })).result();
  const client = await engineOn(t, { url, worker: false });

  const again = await client.run('run').retry({ id: 'again' });

  t.is(await again.result(), 7);
});
