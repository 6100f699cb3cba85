import test from 'ava';
import { finalize, interval, map, Observable, reduce, take, toArray } from 'rxjs';
import { activity, workflow, type ActivityContext } from '../../source/index.js';
import { deferred, engineOf } from '../_support/engine.js';
import { folderOf } from '../_support/folder.js';
import { program } from '../_support/program.js';
import { faultsOf } from '../_support/check-journal.js';
import { join } from 'node:path';

for (const resume of ['skip', 'context'] as const) {
  test(`a stream that is killed after 500 of 1,000 values goes on there (resume: ${resume})`, async (t) => {
    const url = `file:${join(folderOf(t), 'runs.db')}`;
    const first = program(t, 'stream', [url, resume, '500']);
    t.is((await first.ended).signal, 'SIGKILL');

    const told = await program(t, 'stream', [url, resume, 'Infinity']).message<{
      result: { sum: number; count: number };
      emitted: number;
      produced: number;
    }>((message) => 'result' in message);

    t.deepEqual(told.result, { sum: (999 * 1000) / 2, count: 1000 });
    t.true(told.emitted >= 500 && told.emitted < 1000, `it went on from ${told.emitted}`);
    t.is(told.produced, resume === 'context' ? 1000 - told.emitted : 1000);
    t.deepEqual(await faultsOf(url), []);
  });
}

const numbers = async function* (n: number): AsyncGenerator<number> {
  for (let i = 0; i < n; i += 1) yield await Promise.resolve(i);
};

test('value, promise, Observable, AsyncIterable, array and text are emitted as one expects', async (t) => {
  const all = workflow('all', (n$: Observable<number>) =>
    n$.pipe(
      activity('value', (n: number) => n),
      activity('promise', (n: number) => Promise.resolve(n + 1)),
      activity(
        'observable',
        (n: number) =>
          new Observable<number>((to) => {
            to.next(n);
            to.next(n * 10);
            to.complete();
          }),
      ),
      activity('iterable', (n: number) => numbers(n)),
      activity('array', (n: number) => [n, n]),
      activity('text', ([n]: number[]) => `${n}`),
      toArray(),
      map((texts) => texts.join('')),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [all] });

  t.is(await (await tempolite.start(all, 1)).result(), '01' + Array.from({ length: 20 }, (_, n) => n).join(''));
});

test('an AsyncIterable is paused when the journal falls behind', async (t) => {
  let ahead = 0;
  let most = 0;
  const paced = workflow('paced', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'paced',
        async function* (n: number): AsyncGenerator<number> {
          for (let i = 0; i < n; i += 1) {
            ahead += 1;
            most = Math.max(most, ahead);
            yield await Promise.resolve(i);
          }
        },
        { buffer: 7 },
      ),
      map((n) => {
        ahead -= 1;
        return n;
      }),
      reduce((sum, n) => sum + n, 0),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [paced] });

  t.is(await (await tempolite.start(paced, 500)).result(), (499 * 500) / 2);
  // One buffer on its way to the journal, one on its way into the pipeline.
  t.true(most <= 15, `${most} values ahead`);
});

test('an Observable that runs ahead of its buffer fails, and is told to stop', async (t) => {
  const stopped = deferred();
  const hasty = workflow('hasty', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'hasty',
        () =>
          new Observable<number>((to) => {
            to.add(() => {
              stopped.resolve();
            });
            for (let i = 0; i < 100 && !to.closed; i += 1) to.next(i);
          }),
        { buffer: 10, retry: { maxAttempts: 1 } },
      ),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [hasty] });

  await t.throwsAsync((await tempolite.start(hasty, 1)).result(), { code: 'BUFFER_OVERFLOW' });
  await stopped.promise;
  t.pass();
});

test('a stream that fails half way is repeated and nothing is seen twice', async (t) => {
  const halves = workflow('halves', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'halves',
        async function* (n: number, { attempt, emitted, last }: ActivityContext<number>): AsyncGenerator<number> {
          for (let i = emitted; i < n; i += 1) {
            if (attempt === 1 && i === 5) throw new Error(`broken after ${String(last)}`);
            yield await Promise.resolve(i);
          }
        },
        { resume: 'context', retry: { maxAttempts: 2, initialInterval: 10 } },
      ),
      toArray(),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [halves] });

  t.deepEqual(await clock.until((await tempolite.start(halves, 10)).result()), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('unsubscribing from a stream stops its producer', async (t) => {
  const stopped = deferred();
  const some = workflow('some', (n$: Observable<number>) =>
    n$.pipe(
      activity('endless', () => interval(1).pipe(finalize(stopped.resolve))),
      take(3),
      toArray(),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [some] });

  t.deepEqual(await (await tempolite.start(some, 1)).result(), [0, 1, 2]);
  await stopped.promise;
});
