import test from 'ava';
import { firstValueFrom, map, mergeMap, of, range, take, toArray, type Observable } from 'rxjs';
import { awaitSignal, continueAsNew, defineSignal, expose, sleep, workflow } from '../../source/index.js';
import { engineOf } from '../_support/engine.js';

const go = defineSignal<string>('go');

const counting = workflow('counting', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap((n) => range(1, n)),
    sleep('1 hour'),
    expose('progress'),
    toArray(),
    map((all) => all.length),
  ),
);

test('whoever watches hears the latest value and each later one', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows: [counting] });
  const run = await tempolite.start(counting, 3);
  const heard: unknown[] = [];
  run.exposed$('progress').subscribe((value) => heard.push(value));

  t.is(await clock.until(run.result()), 3);
  await clock.settle();

  t.is(heard.at(-1), 3);
  t.deepEqual([...heard].sort(), heard, 'no value comes after a later one');
});

test('what was exposed is there after the engine was closed, while the run waits', async (t) => {
  const waiting = workflow('waiting', (text$: Observable<string>) =>
    text$.pipe(
      expose('state'),
      awaitSignal(go, (more, text) => `${text} ${more}`),
      expose('state'),
    ),
  );
  const first = await engineOf(t, { workflows: [waiting] });
  await first.tempolite.start(waiting, 'half', { id: 'run' });
  await first.clock.settle();
  await first.tempolite.close();

  const second = await engineOf(t, { workflows: [waiting], url: first.url });
  const run = second.tempolite.run('run', waiting);
  t.is(await second.clock.until(firstValueFrom(run.exposed$('state'))), 'half');
  await run.signal(go, 'done');

  t.is(await second.clock.until(run.result()), 'half done');
  t.is(await second.clock.until(firstValueFrom(run.exposed$('state'))), 'half done');
});

test('a value stays exposed over the links of a run', async (t) => {
  const chain = workflow('chain', (n$: Observable<number>) =>
    n$.pipe(
      expose('link'),
      sleep('1 hour'),
      mergeMap((n): Observable<number> => (n < 3 ? continueAsNew(n + 1) : of(n))),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [chain] });
  const run = await tempolite.start(chain, 1);

  const seen = clock.until(firstValueFrom(run.exposed$('link').pipe(take(3), toArray())));
  await clock.until(run.result());

  t.deepEqual(await seen, [1, 2, 3]);
});
