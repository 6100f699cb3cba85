import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  concat,
  concatMap,
  defer,
  EMPTY,
  lastValueFrom,
  merge,
  mergeMap,
  of,
  take,
  toArray,
  type Observable,
} from 'rxjs';
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
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { deferred, engineOf } from '../_support/engine.js';
import { folderOf } from '../_support/folder.js';
import { program } from '../_support/program.js';

const go = defineSignal<string>('go');

/** Counts to a number, a link each. */
const countTo = (last: number) =>
  workflow('count', (n$: Observable<number>) =>
    n$.pipe(mergeMap((n) => (n === last ? of(`the end, ${n}`) : concat(of(`link ${n}`), continueAsNew(n + 1))))),
  );

interface Told {
  readonly result: string;
  readonly tookMs: number;
}

test('ten thousand links, killed between links: one id, no link twice, and the value of the last (scenario 27)', async (t) => {
  t.timeout(240_000);
  const count = 10_000;
  const folder = folderOf(t);
  const url = `file:${join(folder, 'runs.db')}`;
  const world = join(folder, 'world');
  const args = [url, world, String(count)];

  for (const [when, link] of [
    ['before', 1],
    ['after', 1],
    ['before', 3000],
    ['after', 6000],
    ['after', 6001],
    ['before', count - 1],
  ] as const) {
    const { signal, errors } = await program(t, 'links', [...args, when, String(link)]).ended;
    t.is(signal, 'SIGKILL', errors);
  }
  const told = await program(t, 'links', args).message<Told>((message) => 'result' in message);

  t.is(told.result, `the end, ${count - 1}`);
  const done = readFileSync(world, 'utf8').trim().split('\n');
  t.is(new Set(done).size, count);
  t.is(done.length, count, 'what a link has done is recorded before the next one begins, and never done again');
  const journal = await openJournal({ url });
  t.teardown(() => journal.close());
  t.deepEqual(
    (await journal.runs({}, { limit: 10 })).map(({ id, link, status }) => [id, link, status]),
    [['links', count - 1, 'completed']],
  );
  const events = await journal.tail(0, 100_000);
  const rows = new Map<number, number>();
  for (const { link } of events) rows.set(link, (rows.get(link) ?? 0) + 1);
  t.is(rows.size, count);
  t.true(Math.max(...rows.values()) <= 4, `${Math.max(...rows.values())} rows in a link`);
  t.deepEqual(await journal.letters('links'), []);
});

test('a run that has gone through a thousand links leaves nothing in memory', async (t) => {
  const count = countTo(1000);
  const { tempolite, clock } = await engineOf(t, { workflows: [count] });

  const run = await tempolite.start(count, 0, { id: 'run' });

  t.is(await clock.until(run.result()), 'the end, 1000');
  await clock.settle();
  t.is(tempolite.worker.residents.size, 0);
});

test('signals that were not consumed move along, in order, and none is lost between links (scenario 21)', async (t) => {
  const taker = workflow('taker', (n$: Observable<number>) =>
    n$.pipe(
      awaitSignal(go, (text, n) => ({ text, n })),
      concatMap(({ text, n }) => concat(of(`${n} ${text}`), n === 4 ? EMPTY : continueAsNew(n + 1))),
    ),
  );
  const { tempolite, url } = await engineOf(t, { workflows: [taker] });
  const run = await tempolite.start(taker, 0, { id: 'run' });
  const outputs = lastValueFrom(run.output$.pipe(toArray()));

  for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) await run.signal(go, text).catch(() => undefined);

  t.is(await run.result(), '4 e');
  t.deepEqual(await outputs, ['0 a', '1 b', '2 c', '3 d', '4 e']);
  await tempolite.close();
  const journal = await openJournal({ url });
  t.teardown(() => journal.close());
  const left = await journal.mailbox('run');
  t.true(left.every(({ payload }) => payload === '"f"'));
});

test('a signal that the ending link has taken and not been given moves along too', async (t) => {
  const taker = workflow('taker', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap((n) =>
        n === 1
          ? of(n).pipe(awaitSignal(go))
          : merge(of(n).pipe(awaitSignal(go)), of(n).pipe(sleep('1 hour'))).pipe(
              take(1),
              mergeMap(() => continueAsNew(1)),
            ),
      ),
    ),
  );
  const { tempolite, clock, url } = await engineOf(t, { workflows: [taker] });
  const run = await tempolite.start(taker, 0, { id: 'run' });
  await clock.settle();
  await tempolite.close();
  await clock.advance('2 hours');
  const journal = await openJournal({ url });
  await journal.signal({ runId: 'run', name: 'go', payload: '"late"', at: clock.now() });
  await journal.close();

  const again = await engineOf(t, { workflows: [taker], url, clock });

  t.is(await clock.until(again.tempolite.run(run.id, taker).result()), 'late');
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

test('the next link takes the same version, or the newest when it is asked to', async (t) => {
  const of2 = (version: 'same' | 'newest', own: number) =>
    workflow(version, { version: own }, (n$: Observable<number>) =>
      n$.pipe(
        mergeMap((n) =>
          n === 0
            ? of(n).pipe(
                awaitSignal(go),
                mergeMap(() => continueAsNew(1, { version })),
              )
            : of(`v${own}`),
        ),
      ),
    );
  const [same1, newest1] = [of2('same', 1), of2('newest', 1)];
  const first = await engineOf(t, { workflows: [same1, newest1] });
  await first.tempolite.start(same1, 0, { id: 'same' });
  await first.tempolite.start(newest1, 0, { id: 'newest' });
  await first.tempolite.close();
  const { url, clock } = first;

  const { tempolite } = await engineOf(t, {
    url,
    clock,
    workflows: [same1, newest1, of2('same', 2), of2('newest', 2)],
  });
  for (const id of ['same', 'newest']) await tempolite.run(id).signal(go, 'go');

  t.is(await clock.until(tempolite.run('same').result()), 'v1');
  t.is(await clock.until(tempolite.run('newest').result()), 'v2');
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

for (const [request, code] of [
  ['cancel', 'RUN_CANCELLED'],
  ['terminate', 'RUN_TERMINATED'],
] as const) {
  test(`a later link is there for ${request}`, async (t) => {
    const chain = workflow('chain', (n$: Observable<number>) =>
      n$.pipe(mergeMap((n) => (n === 5 ? of(n).pipe(awaitSignal(go)) : defer(() => continueAsNew(n + 1))))),
    );
    const { tempolite, clock } = await engineOf(t, { workflows: [chain] });
    const run = await tempolite.start(chain, 0, { id: 'run' });
    await clock.settle();

    await run[request]();

    await t.throwsAsync(clock.until(run.result()), { code });
  });
}

test('requests in a burst while links go by are all decided', async (t) => {
  const chain = countTo(300);
  const { tempolite, clock } = await engineOf(t, { workflows: [chain] });
  const run = await tempolite.start(chain, 0, { id: 'run' });

  for (let i = 0; i < 10; i += 1) {
    await run.pause();
    await run.resume();
  }

  t.is(await clock.until(run.result()), 'the end, 300');
});

test('an input that the codec refuses fails the link where it stands, and the pipeline may go another way', async (t) => {
  const bad = workflow('bad', (n$: Observable<unknown>) => n$.pipe(mergeMap(() => continueAsNew(() => 'a function'))));
  const { tempolite, clock } = await engineOf(t, { workflows: [bad] });

  const run = await tempolite.start(bad, 1, { id: 'run' });

  await t.throwsAsync(clock.until(run.result()), { code: 'INVALID_VALUE' });
  t.like((await tempolite.list())[0], { link: 0, status: 'failed' });
});
