import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { map, mergeMap, of, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  defineSignal,
  Tempolite,
  workflow,
  type DivergenceError,
  type WorkflowDefinition,
} from '../../source/index.js';
import { readHistory, writeHistory } from '../../source/journal/history.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { replayHistories } from '../../source/testing/index.js';
import { databaseOf, folderOf } from '../_support/folder.js';

const go = defineSignal<string>('go');
let executed = 0;
const work = (n: number): number => {
  executed += 1;
  return n * 2;
};

type Order = WorkflowDefinition<number, unknown>;
const today: Order = workflow('order', (n$: Observable<number>) => n$.pipe(activity('charge', work)));
const waiting: Order = workflow('waiting', (n$: Observable<number>) =>
  n$.pipe(activity('charge', work), awaitSignal(go)),
);

/** A database with a run at its end and one that waits. */
const recorded = async (t: ExecutionContext): Promise<string> => {
  const url = databaseOf(t);
  const tempolite = await Tempolite.open({ url, workflows: [today, waiting] });
  await (await tempolite.start(today, 21, { id: 'done' })).result();
  const run = await tempolite.start(waiting, 1, { id: 'open' });
  await new Promise<void>((resolve) => {
    run.state$.subscribe(({ activities }) => {
      if (activities.completed === 1) resolve();
    });
  });
  await tempolite.close();
  return url;
};

test.serial('what is recorded fits the code that recorded it, and nothing is executed', async (t) => {
  const url = await recorded(t);
  executed = 0;

  t.deepEqual(await replayHistories(url, [today, waiting]), { fits: 2, differs: [], unknown: [] });
  t.is(executed, 0);
});

test('an export is replayed as a database is', async (t) => {
  const journal = await openJournal({ url: await recorded(t) });
  const histories = await Promise.all((await journal.runs({}, { limit: 9 })).map((run) => readHistory(journal, run)));
  await journal.close();
  const file = join(folderOf(t), 'runs.jsonl');
  writeFileSync(file, histories.map(writeHistory).join('\n'));

  t.is((await replayHistories(file, [today, waiting])).fits, 2);
});

const changed: Readonly<Record<string, { readonly code: Order; readonly found: RegExp }>> = {
  'another output': {
    code: workflow('order', (n$: Observable<number>) =>
      n$.pipe(
        activity('charge', work),
        map((n) => n + 1),
      ),
    ),
    found: /output 0 with another value/,
  },
  'one more output': {
    code: workflow('order', (n$: Observable<number>) =>
      n$.pipe(
        activity('charge', work),
        mergeMap((n) => [n, n]),
      ),
    ),
    found: /output 1/,
  },
  'no output': {
    code: workflow('order', (n$: Observable<number>) =>
      n$.pipe(
        activity('charge', work),
        mergeMap(() => []),
      ),
    ),
    found: /no such output/,
  },
  'another end': {
    code: workflow('order', (n$: Observable<number>) =>
      n$.pipe(
        activity('charge', work),
        mergeMap((n) => of(n, 'fail')),
        map((n) => {
          if (n === 'fail') throw new Error('changed');
          return n;
        }),
      ),
    ),
    found: /to fail with changed/,
  },
  'no end yet': {
    code: workflow('order', (n$: Observable<number>) =>
      n$.pipe(
        activity('charge', work),
        mergeMap((n) => [of(n), of(0).pipe(awaitSignal(go))]),
        mergeMap((it) => it),
      ),
    ),
    found: /no end yet/,
  },
  'another step': {
    code: workflow('order', (n$: Observable<number>) => n$.pipe(activity('book', work))),
    found: /activity:book#0/,
  },
};

for (const [name, { code, found }] of Object.entries(changed)) {
  test(`code that comes to ${name} differs from what is recorded`, async (t) => {
    const { differs, fits } = await replayHistories(await recorded(t), [code, waiting]);

    t.is(fits, 1);
    t.is(differs.length, 1);
    t.is(differs[0]?.run.id, 'done');
    t.regex((differs[0]?.error as DivergenceError).found, found);
  });
}

test('a workflow that is not given is told', async (t) => {
  const { unknown, fits } = await replayHistories(await recorded(t), [waiting]);

  t.is(fits, 1);
  t.like(unknown, [{ run: { id: 'done' }, verdict: 'unknown' }]);
});

test('a file that is not there is told, and not made', async (t) => {
  const missing = join(folderOf(t), 'none');

  await t.throwsAsync(replayHistories(`file:${missing}`, []), { code: 'JOURNAL_FAILED', message: /no file/ });
  await t.throwsAsync(replayHistories(missing, []), { code: 'JOURNAL_FAILED' });
});

test('a damaged export is told with its line', async (t) => {
  const file = join(folderOf(t), 'runs.jsonl');
  const bad = (text: string, message: RegExp): Promise<unknown> => {
    writeFileSync(file, text);
    return t.throwsAsync(replayHistories(file, []), { code: 'DECODE_FAILED', message });
  };

  await bad('{"type":"run"', /line 1.*JSON/);
  await bad('{"type":"started","seq":0}', /line 1.*begins with the line of a run/);
  await bad('{"type":"run","format":2}', /line 1.*format/);
});
