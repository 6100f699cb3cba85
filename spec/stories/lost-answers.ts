import test, { type ExecutionContext } from 'ava';
import type { Observable } from 'rxjs';
import type { Journal } from '../../source/journal/journal.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { activity, Tempolite, workflow, type AnyWorkflow } from '../../source/index.js';
import { altered } from '../_support/altered.js';
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
