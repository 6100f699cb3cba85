import test from 'ava';
import { concat, concatMap, EMPTY, lastValueFrom, merge, mergeMap, of, toArray, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  continueAsNew,
  defineSignal,
  finalizeWith,
  getVersion,
  sleep,
  workflow,
} from '../../source/index.js';
import { deferred, engineOf } from '../_support/engine.js';

const go = defineSignal<string>('go');

/** Counts to a number, a link each. */
const countTo = (last: number) =>
  workflow('count', (n$: Observable<number>) =>
    n$.pipe(mergeMap((n) => (n === last ? of(`the end, ${n}`) : concat(of(`link ${n}`), continueAsNew(n + 1))))),
  );

test('a run that has gone through a thousand links leaves nothing in memory', async (t) => {
  const count = countTo(1000);
  const { tempolite, clock } = await engineOf(t, { workflows: [count] });

  const run = await tempolite.start(count, 0, { id: 'run' });

  t.is(await clock.until(run.result()), 'the end, 1000');
  await clock.settle();
  t.is(tempolite.worker.residents.size, 0);
});

test('finalizers of a link run before the next one begins', async (t) => {
  const seen: string[] = [];
  const note = (text: string) => (): void => {
    seen.push(text);
  };
  const tidy = workflow('tidy', (n$: Observable<number>) =>
    n$.pipe(
      activity('begin', (n: number) => {
        seen.push(`begin ${n}`);
        return n;
      }),
      mergeMap((n) => (n === 2 ? of('end') : continueAsNew(n + 1))),
      finalizeWith('tidy', note('tidy')),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [tidy] });

  t.is(await clock.until((await tempolite.start(tidy, 0)).result()), 'end');

  t.deepEqual(seen, ['begin 0', 'tidy', 'begin 1', 'tidy', 'begin 2', 'tidy']);
});

test('whatever else a link does is cancelled, and the same step of the next link is another one', async (t) => {
  const started = deferred();
  const aborted = deferred();
  const keys: string[] = [];
  const slow = workflow('slow', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap((n) =>
        merge(
          of(n).pipe(
            activity('work', (i: number, { signal, idempotencyKey }) => {
              keys.push(idempotencyKey);
              if (i === 1) return 'done';
              started.resolve();
              return new Promise<string>((_, reject) => {
                signal.addEventListener('abort', () => {
                  aborted.resolve();
                  reject(new Error('aborted'));
                });
              });
            }),
          ),
          n === 1
            ? EMPTY
            : of(n).pipe(
                sleep(10),
                mergeMap(() => continueAsNew(1)),
              ),
        ),
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [slow] });
  const run = await tempolite.start(slow, 0, { id: 'run' });
  await started.promise;

  t.is(await clock.until(run.result()), 'done');
  await aborted.promise;

  t.deepEqual(keys, ['run/0/activity:work#0', 'run/1/activity:work#0']);
});

test("a choice of version is the link's own", async (t) => {
  const chooses = (newest: number) =>
    workflow('chooses', (n$: Observable<number>) =>
      n$.pipe(
        concatMap((n) =>
          getVersion('change', 0, newest).pipe(
            concatMap((v) =>
              concat(
                of(`${n} v${v}`),
                n === 1
                  ? EMPTY
                  : of(n).pipe(
                      awaitSignal(go),
                      mergeMap(() => continueAsNew(1)),
                    ),
              ),
            ),
          ),
        ),
      ),
    );
  const first = await engineOf(t, { workflows: [chooses(0)] });
  await first.tempolite.start(chooses(0), 0, { id: 'run' });
  await first.clock.settle();
  await first.tempolite.close();

  const { tempolite, clock } = await engineOf(t, { ...first, workflows: [chooses(1)] });
  const run = tempolite.run('run', chooses(1));
  const outputs = lastValueFrom(run.output$.pipe(toArray()));
  await run.signal(go, 'go');
  await clock.until(run.result());

  t.deepEqual(await outputs, ['0 v0', '1 v1']);
});

test('a failed link is retried from where it failed, and the chain goes on', async (t) => {
  let broken = true;
  const chain = workflow('chain', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'work',
        (n: number) => {
          if (n === 2 && broken) throw new Error('down');
          return n;
        },
        { retry: { maxAttempts: 1 } },
      ),
      mergeMap((n) => (n === 3 ? of('end') : continueAsNew(n + 1))),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [chain] });
  const run = await tempolite.start(chain, 0, { id: 'run' });
  await t.throwsAsync(clock.until(run.result()), { code: 'ACTIVITY_FAILED' });
  broken = false;

  await run.replay();

  t.is(await clock.until(run.result()), 'end');
  t.is((await tempolite.list())[0]?.link, 3);
});

test('requests in a burst while links go by are all decided', async (t) => {
  const chain = workflow('chain', (n$: Observable<number>) =>
    n$.pipe(mergeMap((n) => (n === 100 ? of(n).pipe(awaitSignal(go)) : continueAsNew(n + 1)))),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [chain] });
  const run = await tempolite.start(chain, 0, { id: 'run' });
  const statuses = new Set<string>();

  for (let i = 0; i < 10; i += 1) {
    await run.pause();
    statuses.add((await tempolite.list())[0]?.status ?? 'none');
    await run.resume();
  }
  await run.signal(go, 'went');

  t.deepEqual([...statuses], ['paused']);
  t.is(await clock.until(run.result()), 'went');
});

test('an input that the codec refuses fails the link where it stands, and the pipeline may go another way', async (t) => {
  const bad = workflow('bad', (n$: Observable<unknown>) => n$.pipe(mergeMap(() => continueAsNew(() => 'a function'))));
  const { tempolite, clock } = await engineOf(t, { workflows: [bad] });

  const run = await tempolite.start(bad, 1, { id: 'run' });

  await t.throwsAsync(clock.until(run.result()), { code: 'INVALID_VALUE' });
  t.like((await tempolite.list())[0], { link: 0, status: 'failed' });
});
