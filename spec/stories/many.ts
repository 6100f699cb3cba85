import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import test from 'ava';
import { map, mergeMap, type Observable } from 'rxjs';
import { activity, sideEffect, workflow } from '../../source/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { engineOf } from '../_support/engine.js';
import { folderOf } from '../_support/folder.js';
import { program } from '../_support/program.js';

test('a thousand runs at once keep the value of their own side effect, on replay too', async (t) => {
  const naming = workflow('naming', (n$: Observable<number>) =>
    n$.pipe(
      sideEffect('id', (n) => `${n} ${randomUUID()}`),
      activity('gate', (text: string) => text),
      map((text) => text),
    ),
  );
  const { tempolite, url, clock } = await engineOf(t, { workflows: [naming] });
  const runs = await Promise.all(
    Array.from({ length: 1000 }, (_, n) => tempolite.start(naming, n, { id: `run-${n}` })),
  );
  const results = await Promise.all(runs.map((run) => run.result()));

  t.is(new Set(results).size, 1000);
  t.true(results.every((text, n) => text?.startsWith(`${n} `)));
  await tempolite.close();
  const again = await engineOf(t, { workflows: [naming], url, clock });
  t.deepEqual(await Promise.all(runs.map(({ id }) => again.tempolite.run(id, naming).result())), results);
});

interface Told {
  readonly result: number;
  readonly calls: number;
  readonly heapMb: number;
}

test('an activity run a hundred thousand times by expand: memory stays bounded, a kill near the end resumes there', async (t) => {
  const url = `file:${join(folderOf(t), 'runs.db')}`;
  const first = program(t, 'long-loop', [url, '99000']);
  t.is((await first.ended).signal, 'SIGKILL');

  const told = await program(t, 'long-loop', [url, 'Infinity']).message<Told>((message) => 'result' in message);

  t.is(told.result, 100_000);
  t.true(told.calls > 0 && told.calls <= 1001, `${told.calls} calls after the kill`);
  t.true(told.heapMb < 100, `the heap has ${told.heapMb} MB after 100,000 steps`);
  t.deepEqual(await faultsOf(url), []);
});

test('more runs than places in memory all end, in the order of their start', async (t) => {
  const order: number[] = [];
  const small = workflow('small', (n$: Observable<number>) =>
    n$.pipe(
      activity('one', (n: number) => {
        order.push(n);
        return n;
      }),
      mergeMap((n) => [n]),
    ),
  );
  const { tempolite, url } = await engineOf(t, { workflows: [small], maxResidentRuns: 7 });
  const runs = await Promise.all(Array.from({ length: 100 }, (_, n) => tempolite.start(small, n)));

  t.deepEqual(
    await Promise.all(runs.map((run) => run.result())),
    runs.map((_, n) => n),
  );
  // On a server their journals are read side by side, and answers come in any order: one run overtakes those that have their places with it.
  if (url.startsWith('file:'))
    t.deepEqual(
      order,
      runs.map((_, n) => n),
    );
  else t.true(order.every((n, place) => Math.abs(n - place) < 7));
});
