import test from 'ava';
import { catchError, firstValueFrom, forkJoin, mergeMap, take, throwError, toArray, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, execute, workflow, type Run, type RunEvent } from '../../source/index.js';
import { takes, type StubContext } from '../../source/testing/index.js';
import { engineOf } from '../_support/engine.js';
import { doneIn, jobOf, lifeOf } from '../_support/life.js';

const note = defineSignal<string>('note');

const chain = (calls: string[]) =>
  workflow('chain', (n$: Observable<number>) =>
    n$.pipe(
      activity('a', (n: number) => {
        calls.push('a');
        return n + 1;
      }),
      awaitSignal(note, (text, n) => `${n} ${text}`),
      activity('b', (text: string) => {
        calls.push('b');
        return `${text} ${calls.length}`;
      }),
    ),
  );

const seqOf = async (run: Run, type: string): Promise<number> => {
  const events = await firstValueFrom(run.events$.pipe(toArray()));
  return events.find((event) => event.type === type)?.seq ?? -1;
};

test('a run that has completed goes back to an event: what came after is done anew, the signal is there again', async (t) => {
  const calls: string[] = [];
  const flow = chain(calls);
  const { tempolite, clock } = await engineOf(t, { workflows: [flow] });
  const run = await tempolite.start(flow, 1);
  await run.signal(note, 'hello');
  t.is(await clock.until(run.result()), '2 hello 2');

  await run.rewind(await seqOf(run, 'activity-completed'));

  t.is(await clock.until(run.result()), '2 hello 3');
  t.deepEqual(calls, ['a', 'b', 'b']);
});

test('a run goes back twice, the second time behind the first, and across processes', async (t) => {
  const calls: string[] = [];
  const flow = chain(calls);
  const first = await engineOf(t, { workflows: [flow] });
  const run = await first.tempolite.start(flow, 1, { id: 'run' });
  await run.signal(note, 'hello');
  await first.clock.until(run.result());
  await run.rewind(await seqOf(run, 'signal-received'));
  await first.clock.until(run.result());
  await first.tempolite.close();

  const second = await engineOf(t, { workflows: [flow], url: first.url, clock: first.clock });
  const again = second.tempolite.run('run', flow);
  await again.rewind(0);

  t.is(await second.clock.until(again.result()), '2 hello 5');
  t.deepEqual(calls, ['a', 'b', 'b', 'a', 'b']);
});

test('a run that is asked twice to go back to the same place goes back once', async (t) => {
  const calls: string[] = [];
  const flow = chain(calls);
  const { tempolite, clock } = await engineOf(t, { workflows: [flow] });
  const run = await tempolite.start(flow, 1);
  await clock.settle();
  await run.pause();
  const recorded = async (): Promise<readonly RunEvent[]> => {
    const { events } = await firstValueFrom(run.state$);
    return firstValueFrom(run.events$.pipe(take(events), toArray()));
  };
  const rewound = async (): Promise<number> => (await recorded()).filter(({ type }) => type === 'run-rewound').length;
  const place = (await recorded()).findIndex(({ type }) => type === 'activity-completed');

  await clock.until(Promise.all([run.rewind(place), run.rewind(place)]));
  await clock.settle();
  t.is(await rewound(), 1);
  await run.rewind(place);
  t.is(await rewound(), 1);
  await t.throwsAsync(run.rewind(0), { code: 'WRONG_STATE' });
  await run.signal(note, 'hello');
  await clock.until(run.result());
  await run.rewind(place);
  await clock.until(run.result());

  t.is(await rewound(), 2);
  t.deepEqual(calls, ['a', 'b', 'b']);
});

test('a place to which one cannot go back is refused, and nothing is written', async (t) => {
  const flow = chain([]);
  const { tempolite, clock } = await engineOf(t, { workflows: [flow] });
  const run = await tempolite.start(flow, 1);
  await clock.settle();
  await t.throwsAsync(run.rewind(0), { code: 'WRONG_STATE' }, 'it is at work');
  await run.signal(note, 'hello');
  await clock.until(run.result());
  const { events } = await firstValueFrom(run.state$);

  for (const seq of [-1, 0.5, NaN, 1000, events - 1])
    await t.throwsAsync(run.rewind(seq), { code: 'INVALID_ARGUMENT' }, String(seq));
  await t.throwsAsync(tempolite.run('nobody').rewind(0), { code: 'RUN_NOT_FOUND' });
  t.is((await firstValueFrom(run.state$)).events, events);
});

test('a success that a rewind has dropped stays dropped when a retry goes back behind the rewind', async (t) => {
  const [price, bad, tidy] = [jobOf('price'), jobOf('bad'), jobOf('tidy')];
  const tidied = catchError((error: unknown) =>
    execute(tidy, '').pipe(mergeMap(() => throwError(() => error as Error))),
  );
  const flow = workflow('quote', (x$: Observable<string>) =>
    x$.pipe(mergeMap((x) => forkJoin([execute(price, x), execute(bad, x).pipe(tidied)]))),
  );
  const engine = await lifeOf(t, {
    workflows: [flow],
    activities: {
      price: takes(10, (_: string, { dropped }: StubContext) => `price ${dropped}`),
      bad: takes(7, (_: string, { dropped }: StubContext) => {
        if (dropped < 1) throw new Error('not yet');
        return 'good';
      }),
      tidy: takes(30, () => ''),
    },
  });
  const run = await engine.start(flow, 'x', { id: 'run' });
  await t.throwsAsync(run.result());
  const failure = (await run.events()).findIndex(({ type }) => type === 'activity-failed');
  await engine.clock.until(engine.tempolite.run('run').rewind(failure));
  await t.throwsAsync(run.result());

  await engine.clock.until(engine.tempolite.run('run').replay());

  t.deepEqual(await run.result(), ['price 1', 'good']);
  t.deepEqual(doneIn(engine), ['price@1', 'bad@1', 'tidy@1', 'price@1', 'tidy@1', 'bad@1']);
});
