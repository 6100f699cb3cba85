import test from 'ava';
import { firstValueFrom, from, lastValueFrom, mergeMap, toArray, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  defineSignal,
  workflow,
  type PositionedEvent,
  type RunEvent,
} from '../../source/index.js';
import { engineOf } from '../_support/engine.js';

const go = defineSignal('go');

const counting = workflow('counting', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap((n) => from(Array.from({ length: n }, (_, i) => i))),
    activity('count', (n: number) => n),
  ),
);

test('output$, events$ and state$ give what is stored, then what comes: no gap, no double, whenever one subscribes', async (t) => {
  const { tempolite } = await engineOf(t, { workflows: [counting] });
  const run = await tempolite.start(counting, 300);
  const outputs: Promise<number[]>[] = [];
  const events: Promise<RunEvent[]>[] = [];
  // Observers that come at every moment of the run, the last ones after its end.
  const join = (): void => {
    outputs.push(lastValueFrom(run.output$.pipe(toArray())));
    events.push(lastValueFrom(run.events$.pipe(toArray())));
  };
  const joining = setInterval(join, 1);
  await run.result();
  clearInterval(joining);
  join();

  const all = Array.from({ length: 300 }, (_, i) => i);
  for (const seen of await Promise.all(outputs)) t.deepEqual(seen, all);
  for (const seen of await Promise.all(events)) {
    t.deepEqual(
      seen.map(({ seq }) => seq),
      seen.map((_, index) => index),
    );
    t.is(seen.at(-1)?.type, 'run-completed');
  }
  t.true(outputs.length > 1);
});

test('state$ tells the status, the last output and the number of steps, and completes with the run', async (t) => {
  const waiting = workflow('waiting', (n$: Observable<number>) =>
    n$.pipe(
      activity('double', (n: number) => n * 2),
      awaitSignal(go, (_, n) => n + 1),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [waiting], parkAfterMs: 0 });
  const run = await tempolite.start(waiting, 20);
  const states = lastValueFrom(run.state$.pipe(toArray()));
  await firstValueFrom(tempolite.runs$({ status: 'waiting' }));
  await run.signal(go);
  await clock.until(run.result());

  const statuses = (await states).map(({ status }) => status);
  t.is(statuses[0], 'running');
  t.true(statuses.includes('waiting'));
  t.is(statuses.at(-1), 'completed');
  t.is((await states).at(-1)?.output, 41);
});

test('state$ of a failed run completes after a state that has the error', async (t) => {
  const failing = workflow('failing', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'fail',
        () => {
          throw new RangeError('too much');
        },
        { retry: { maxAttempts: 1 } },
      ),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [failing] });
  const run = await tempolite.start(failing, 1);

  const last = await lastValueFrom(run.state$);
  t.is(last.status, 'failed');
  t.is((last.error as { code: string }).code, 'ACTIVITY_FAILED');
});

test('runs$ gives each stored run, then every change, filtered', async (t) => {
  const { tempolite } = await engineOf(t, { workflows: [counting] });
  await (await tempolite.start(counting, 1, { tags: { team: 'a' } })).result();
  const seen: string[] = [];
  const subscription = tempolite.runs$({ tags: { team: 'a' } }).subscribe(({ status }) => seen.push(status));
  await (await tempolite.start(counting, 2, { tags: { team: 'b' } })).result();
  await (await tempolite.start(counting, 2, { tags: { team: 'a' } })).result();
  subscription.unsubscribe();

  t.is(seen[0], 'completed');
  t.deepEqual(seen.slice(1), ['running', 'completed']);
});

test('events$ of the database goes on after a position', async (t) => {
  const { tempolite } = await engineOf(t, { workflows: [counting] });
  const seen: PositionedEvent[] = [];
  const first = tempolite.events$().subscribe((event) => seen.push(event));
  await (await tempolite.start(counting, 5)).result();
  first.unsubscribe();
  const { position } = seen.at(-1)!;
  const rest: PositionedEvent[] = [];
  const second = tempolite.events$({ after: position }).subscribe((event) => rest.push(event));
  await (await tempolite.start(counting, 1)).result();
  second.unsubscribe();

  t.is(seen.length, 1 + 5 * 2 + 1);
  t.true(rest.every((event) => event.position > position));
  t.is(rest[0]?.event.type, 'started');
});

test('a run that does not exist has no state', async (t) => {
  const { tempolite } = await engineOf(t, { workflows: [counting] });

  await t.throwsAsync(lastValueFrom(tempolite.run('nobody').state$), { code: 'RUN_NOT_FOUND' });
  await t.throwsAsync(tempolite.run('nobody').result(), { code: 'RUN_NOT_FOUND' });
});

test('resultEither has the error on the left', async (t) => {
  const { tempolite } = await engineOf(t, { workflows: [counting] });

  t.like(await tempolite.run('nobody').resultEither()(), { _tag: 'Left', left: { code: 'RUN_NOT_FOUND' } });
  t.deepEqual(await (await tempolite.start(counting, 3)).resultEither()(), { _tag: 'Right', right: 2 } as never);
});
