import test, { type ExecutionContext } from 'ava';
import { filter, firstValueFrom, mergeMap, type Observable } from 'rxjs';
import type { Journal } from '../../source/journal/journal.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { activity, awaitSignal, defineSignal, Tempolite, workflow, type AnyWorkflow } from '../../source/index.js';
import { altered } from '../_support/altered.js';
import { deferred } from '../_support/engine.js';
import { databaseOf } from '../_support/folder.js';

/** What an engine makes of it when its database has done something and the answer was lost for good. */

const echo = workflow('echo', (n$: Observable<number>) => n$);
const steps = workflow('steps', (n$: Observable<number>) => n$.pipe(activity('same', (n: number) => n)));

const engineOver = async (t: ExecutionContext, journal: Journal, workflows: AnyWorkflow[]): Promise<Tempolite> => {
  const tempolite = await Tempolite.over(journal, {
    workflows,
    closeTimeoutMs: 0,
    leaseMs: 1000,
    commitRetryMs: 20,
  });
  t.teardown(() => tempolite.close());
  return tempolite;
};

const lost = (): Error => new Error('the answer was lost');

test('a run whose claim was answered to nobody is executed by whom it belongs to', async (t) => {
  const url = databaseOf(t);
  const client = await Tempolite.open({ url, worker: false });
  await client.start(echo, 7, { id: 'run' });
  await client.close();
  const journal = await openJournal({ url });
  let losses = 0;
  const tempolite = await engineOver(
    t,
    altered(journal, {
      claim: async (claim) => {
        const claimed = await journal.claim(claim);
        if (claimed.length === 0) return claimed;
        losses += 1;
        throw lost();
      },
    }),
    [echo],
  );

  t.is(await tempolite.run('run').result(), 7);
  t.is(losses, 1);
});

test('a run whose start was answered to nobody is executed', async (t) => {
  const journal = await openJournal({ url: databaseOf(t) });
  const tempolite = await engineOver(
    t,
    altered(journal, {
      start: async (run, statements) => {
        await journal.start(run, statements);
        throw lost();
      },
    }),
    [echo],
  );

  await t.throwsAsync(tempolite.start(echo, 7, { id: 'run' }), { message: 'the answer was lost' });

  t.is(await tempolite.run('run').result(), 7);
});

test('a run whose place in the journal is taken by other events is read anew, and goes on from those', async (t) => {
  const journal = await openJournal({ url: databaseOf(t) });
  let strangers = 0;
  const tempolite = await engineOver(
    t,
    altered(journal, {
      commit: async (commit) => {
        const isDone = commit.events.some(({ type }) => type === 'activity-completed');
        if (strangers > 0 || !isDone) return journal.commit(commit);
        strangers += 1;
        const events = commit.events.map((event) =>
          event.type === 'activity-completed' ? { ...event, payload: '8' } : event,
        );
        await journal.commit({ ...commit, events });
        return journal.commit(commit);
      },
    }),
    [steps],
  );

  const run = await tempolite.start(steps, 7, { id: 'run' });

  t.is(await run.result(), 8);
  t.is(strangers, 1);
});

const go = defineSignal<string>('go');
const waitsBehind = (step: string): AnyWorkflow =>
  workflow('changing', (n$: Observable<number>) =>
    n$.pipe(
      activity(step, (n: number) => n),
      awaitSignal(go),
    ),
  );

/** A database with a run of code that has changed since, and what can be heard of renewals of a lease. */
const changed = async (t: ExecutionContext) => {
  const url = databaseOf(t);
  const before = await Tempolite.open({ url, workflows: [waitsBehind('a')], parkAfterMs: 0, closeTimeoutMs: 0 });
  const run = await before.start(waitsBehind('a'), 1, { id: 'run' });
  await firstValueFrom(run.state$.pipe(filter(({ status }) => status === 'waiting')));
  await before.close();
  const journal = await openJournal({ url });
  let renewals = 0;
  let awaited: { readonly count: number; readonly resolve: () => void } | undefined;
  const renewed = (count: number): Promise<void> => {
    const { promise, resolve } = deferred();
    awaited = { count: renewals + count, resolve };
    return promise;
  };
  const renew = async (leaseMs: number): Promise<void> => {
    await journal.renew(leaseMs);
    renewals += 1;
    if (awaited && renewals >= awaited.count) awaited.resolve();
  };
  return { journal, renewed, renew };
};

test('a run that is being blocked while the lease is renewed executes nothing more', async (t) => {
  const journal = await openJournal({ url: databaseOf(t) });
  let isFirst = true;
  const done: number[] = [];
  const breaks = workflow('breaks', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap((n) => {
        if (!isFirst) return [n];
        isFirst = false;
        return new Promise<number>((resolve) => setImmediate(resolve, n));
      }),
      activity('work', (n: number) => done.push(n)),
    ),
  );
  const blocking = deferred();
  const gate = deferred();
  let toCome = 0;
  const renewed = deferred();
  const tempolite = await engineOver(
    t,
    altered(journal, {
      renew: async (leaseMs) => {
        await journal.renew(leaseMs);
        if (toCome > 0 && --toCome === 0) renewed.resolve();
      },
      commit: async (commit) => {
        if (commit.status?.status === 'blocked') {
          blocking.resolve();
          await gate.promise;
        }
        return journal.commit(commit);
      },
    }),
    [breaks],
  );

  const run = await tempolite.start(breaks, 1, { id: 'run' });
  await blocking.promise;
  toCome = 3;
  await renewed.promise;
  gate.resolve();

  await t.throwsAsync(run.result(), { code: 'NON_DETERMINISM' });
  t.deepEqual(done, []);
});

test('a blocked run is not tried again because there is mail for it', async (t) => {
  const { journal, renewed, renew } = await changed(t);
  let replays = 0;
  const tempolite = await engineOver(
    t,
    altered(journal, {
      renew,
      events: (...asked) => {
        replays += 1;
        return journal.events(...asked);
      },
    }),
    [waitsBehind('b')],
  );
  await tempolite.run('run').signal(go, 'now');
  await t.throwsAsync(tempolite.run('run').result(), { code: 'DIVERGENCE' });

  const before = replays;
  await tempolite.run('run').signal(go, 'and now');
  await renewed(3);

  t.is(replays, before);
});
