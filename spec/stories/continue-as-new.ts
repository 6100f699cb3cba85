import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { concat, ignoreElements, merge, mergeMap, of, take, timer, toArray, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  continueAsNew,
  defineSignal,
  execute,
  signals,
  sleep,
  workflow,
  type WorkflowDefinition,
} from '../../source/index.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { faultsOf } from '../_support/check-journal.js';
import { engineOf } from '../_support/engine.js';
import { folderOf } from '../_support/folder.js';
import { program } from '../_support/program.js';

const note = defineSignal<string>('note');
const go = defineSignal('go');

/** Events of each link. */
const rowsPerLink = async (url: string): Promise<ReadonlyMap<number, number>> => {
  const journal = await openJournal({ url });
  const rows = new Map<number, number>();
  for (let after = 0, page = await journal.tail(0, 1000); page.length > 0; page = await journal.tail(after, 1000)) {
    for (const { link } of page) rows.set(link, (rows.get(link) ?? 0) + 1);
    after = page.at(-1)?.position ?? after;
  }
  await journal.close();
  return rows;
};

test('10,000 links under one id, killed between links: rows per link are bounded, no link is twice, result() is that of the last (scenario 27)', async (t) => {
  t.timeout(280_000);
  const folder = folderOf(t);
  const [url, world] = [`file:${join(folder, 'runs.db')}`, join(folder, 'world')];
  const since = performance.now();
  for (const [when, link] of [
    ['before', 0],
    ['after', 0],
    ['before', 2500],
    ['after', 5000],
    ['before', 9997],
    ['after', 9998],
  ]) {
    const { signal } = await program(t, 'links', [url, world, '10000', String(when), String(link)]).ended;
    t.is(signal, 'SIGKILL', `${when} the end of link ${link}`);
  }

  const told = await program(t, 'links', [url, world, '10000']).message<{ result: string }>((it) => 'result' in it);

  t.log(`10,000 links, killed 6 times: ${Math.round(performance.now() - since)} ms`);
  t.is(told.result, 'link 9999');
  const rows = await rowsPerLink(url);
  t.is(rows.size, 10_000);
  t.deepEqual(
    [...rows].filter(([link, count]) => count !== (link === 9999 ? 4 : 3)),
    [],
    'each has its start, its activity and its end; the last one has an output too',
  );
  const visits = readFileSync(world, 'utf8').trim().split('\n');
  t.deepEqual(
    visits.map((visit) => Number(visit.split(' ')[0])),
    Array.from({ length: 10_000 }, (_, n) => n),
    'each link is visited once, in order',
  );
  t.is(new Set(visits).size, 10_000);
  t.deepEqual(await faultsOf(url), []);
});

/** Each link takes one note, and so many follow. */
const diary = workflow('diary', (left$: Observable<number>) =>
  left$.pipe(
    mergeMap((left) =>
      of(left).pipe(
        awaitSignal(note),
        mergeMap((text) => concat(of(`${left} ${text}`), left > 0 ? continueAsNew(left - 1) : of('closed'))),
      ),
    ),
  ),
);

test('unconsumed signals move along, in order, and each is consumed once (scenario 21)', async (t) => {
  const { tempolite } = await engineOf(t, { workflows: [diary] });
  const run = await tempolite.start(diary, 3);
  const told = new Promise<readonly string[]>((resolve) => run.output$.pipe(toArray()).subscribe(resolve));

  for (const text of ['a', 'b', 'c', 'd', 'e']) await run.signal(note, text);

  t.is(await run.result(), 'closed');
  t.deepEqual(await told, ['3 a', '2 b', '1 c', '0 d', 'closed']);
});

test('signals move along while no process is up (scenario 21)', async (t) => {
  const first = await engineOf(t, { workflows: [diary] });
  const run = await first.tempolite.start(diary, 2, { id: 'diary' });
  await run.signal(note, 'a');
  await first.clock.settle();
  await first.tempolite.close();
  const other = workflow('other', (n$: Observable<number>) => n$);
  const post = await engineOf(t, { workflows: [other], url: first.url, clock: first.clock });
  for (const text of ['b', 'c']) await post.tempolite.run('diary').signal(note, text);
  await post.tempolite.close();

  const second = await engineOf(t, { workflows: [diary], url: first.url, clock: first.clock });
  const again = second.tempolite.run('diary', diary);

  t.is(await again.result(), 'closed');
  const outputs = await new Promise((resolve) => again.output$.pipe(toArray()).subscribe(resolve));
  t.deepEqual(outputs, ['2 a', '1 b', '0 c', 'closed']);
});

test('a signal that was ready in the turn that ends the link is there for the next one (scenario 21)', async (t) => {
  const wait = (): Observable<string> => signals(note).pipe(take(1));
  const both = workflow('both', (left$: Observable<number>) =>
    left$.pipe(
      mergeMap((left) =>
        left === 0
          ? wait()
          : merge(
              signals(go).pipe(
                take(1),
                mergeMap(() => continueAsNew(left - 1)),
              ),
              // Waits beside it, and is left in the turn of `go`.
              wait().pipe(ignoreElements()),
            ),
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [both] });
  const run = await tempolite.start(both, 2);
  await clock.settle();

  await Promise.all([run.signal(go), run.signal(note, 'kept'), run.signal(go)]);

  t.is(await run.result(), 'kept');
});

test('the same idempotency key counts once over all links', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows: [diary] });
  const run = await tempolite.start(diary, 1);
  await run.signal(note, 'a', { idempotencyKey: 'x' });
  await clock.settle();
  t.is((await tempolite.list()).at(0)?.link, 1);

  await run.signal(note, 'again', { idempotencyKey: 'x' });
  await run.signal(note, 'b', { idempotencyKey: 'y' });

  t.is(await run.result(), 'closed');
});

test('starting with the same id and the first input gives the run, whatever its link', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows: [diary] });
  const run = await tempolite.start(diary, 2, { id: 'diary' });
  await run.signal(note, 'a');
  await clock.settle();

  const same = await tempolite.start(diary, 2, { id: 'diary' });

  t.is(same.id, run.id);
  await t.throwsAsync(tempolite.start(diary, 1, { id: 'diary' }), { code: 'RUN_EXISTS' });
});

const day = 24 * 60 * 60 * 1000;

test('a timer of a link that has ended never fires', async (t) => {
  const fired: number[] = [];
  const chain = workflow('chain', (left$: Observable<number>) =>
    left$.pipe(
      mergeMap((left) =>
        left === 0
          ? of('end').pipe(sleep('3 days'))
          : concat(
              of(left).pipe(sleep('1 hour')),
              continueAsNew(left - 1),
              timer(day).pipe(
                mergeMap(() => {
                  fired.push(left);
                  return of(left);
                }),
              ),
            ),
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [chain] });
  const start = clock.now();

  const run = await tempolite.start(chain, 3);

  t.is(await clock.until(run.result()), 'end');
  t.is(clock.now() - start, 3 * 60 * 60_000 + 3 * day);
  t.deepEqual(fired, []);
});

test('a child that goes through links is one child: its parent gets the outputs of all of them, then the end', async (t) => {
  const child: WorkflowDefinition<number, string> = workflow('child', (left$: Observable<number>) =>
    left$.pipe(
      activity('work', (left: number) => Promise.resolve(left)),
      mergeMap((left) =>
        concat(of(`link ${left}`), of(`more ${left}`), left > 0 ? continueAsNew(left - 1) : of('end')),
      ),
    ),
  );
  const parent = workflow('parent', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap((n) => execute(child, n)),
      toArray(),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [parent, child] });

  const run = await tempolite.start(parent, 2);

  t.deepEqual(await run.result(), ['link 2', 'more 2', 'link 1', 'more 1', 'link 0', 'more 0', 'end']);
  t.like(await tempolite.list({ parent: run.id }), [{ link: 2, status: 'completed' }]);
});

test('children of each link have ids of their own', async (t) => {
  const child = workflow('child', (n$: Observable<number>) => n$);
  const parent = workflow('parent', (left$: Observable<number>) =>
    left$.pipe(mergeMap((left) => concat(execute(child, left), left > 0 ? continueAsNew(left - 1) : of(-1)))),
  );
  const { tempolite } = await engineOf(t, { workflows: [parent, child] });

  const run = await tempolite.start(parent, 2, { id: 'p' });

  t.is(await run.result(), -1);
  t.deepEqual(
    (await tempolite.list({ parent: 'p' })).map(({ id }) => id),
    [0, 1, 2].map((link) => `p/${link}/child:child#0`),
  );
});

test('the next link takes the same version, or the newest when it is asked for', async (t) => {
  const chain = (version: number): WorkflowDefinition<string, string> =>
    workflow('chain', { version }, (text$: Observable<string>) =>
      text$.pipe(
        awaitSignal(note, (word, text) => [word, `${text}${version}`] as const),
        mergeMap(([word, text]) =>
          word === 'end' ? of(text) : continueAsNew(text, { version: word === 'newest' ? 'newest' : 'same' }),
        ),
      ),
    );
  const first = await engineOf(t, { workflows: [chain(1)] });
  await first.tempolite.start(chain(1), 'v', { id: 'chain' });
  await first.tempolite.close();
  const workflows = [chain(1), chain(2)];
  const { tempolite } = await engineOf(t, { workflows, url: first.url, clock: first.clock });
  const run = tempolite.run('chain', chain(2));

  for (const word of ['same', 'newest', 'end']) await run.signal(note, word);

  t.is(await run.result(), 'v112');
});
