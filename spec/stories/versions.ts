import test, { type ExecutionContext } from 'ava';
import { filter, firstValueFrom, map, merge, mergeMap, of, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  childWorkflow,
  continueAsNew,
  defineSignal,
  getVersion,
  sleep,
  Tempolite,
  versioned,
  workflow,
  type WorkflowDefinition,
} from '../../source/index.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { TestClock } from '../../source/testing/index.js';
import { engineOf, type Engine } from '../_support/engine.js';
import { databaseOf } from '../_support/folder.js';

const go = defineSignal<string>('go');
const echo = (text: string): string => text;

type Texts = (text$: Observable<string>) => Observable<string>;

/** The next process, with another code. */
const redeployed = async (
  t: ExecutionContext,
  before: Engine,
  ...workflows: readonly WorkflowDefinition<string, string>[]
): Promise<Engine> => {
  await before.tempolite.close();
  return engineOf(t, { workflows, url: before.url, clock: before.clock });
};

const plain: Texts = (text$) =>
  text$.pipe(
    activity('a', echo),
    activity('b', echo),
    awaitSignal(go, (word, text) => `${text} ${word}`),
    activity('c', echo),
  );

/** `b` has been replaced, and `c` got a companion. */
const branched: Texts = (text$) =>
  text$.pipe(
    activity('a', echo),
    versioned('better b', { 0: activity('b', echo), 1: activity('better', (text: string) => `${text} better`) }),
    awaitSignal(go, (word, text) => `${text} ${word}`),
    activity('c', echo),
    mergeMap((text) =>
      getVersion('audit', 0, 1).pipe(
        mergeMap((version) => (version === 0 ? of(text) : of(text).pipe(activity('audit', (it) => `${it} audited`)))),
      ),
    ),
  );

test('with a branch by version, a run that had passed the place and a new one both finish (scenario 28)', async (t) => {
  const before = workflow('changing', plain);
  const first = await engineOf(t, { workflows: [before] });
  await first.tempolite.start(before, 'old', { id: 'old' });
  await first.clock.advance('1 hour');

  const after = workflow('changing', branched);
  const second = await redeployed(t, first, after);
  const old = second.tempolite.run('old', after);
  const recent = await second.tempolite.start(after, 'new', { id: 'new' });
  await old.signal(go, 'gone');
  await recent.signal(go, 'gone');

  // It had passed `b`, and had not come to what follows `c`.
  t.is(await old.result(), 'old gone audited');
  t.is(await recent.result(), 'new better gone audited');
});

test('a run keeps the branch that it has taken when newer ones come, and is blocked while it is gone (scenario 28)', async (t) => {
  const branches = (versions: readonly number[]): Texts => {
    const all = versions.map((n) => [n, map((text: string) => `${text} by ${n}`)] as const);
    return (text$) =>
      text$.pipe(
        versioned('way', Object.fromEntries(all)),
        awaitSignal(go, (word, text) => `${text} ${word}`),
        versioned('way', Object.fromEntries(all)),
      );
  };
  const zeroToOne = workflow('ways', branches([0, 1]));
  const first = await engineOf(t, { workflows: [zeroToOne] });
  await first.tempolite.start(zeroToOne, 'x', { id: 'ways' });
  await first.clock.advance('1 hour');

  const twoOnly = workflow('ways', branches([2]));
  const second = await redeployed(t, first, twoOnly);
  const blocked = second.tempolite.run('ways', twoOnly);
  await blocked.signal(go, 'on');
  await t.throwsAsync(blocked.result(), { code: 'VERSION_OUT_OF_RANGE', message: /version 1 of "way".+ 2 to 2/ });

  const again = workflow('ways', branches([1, 2]));
  const third = await redeployed(t, second, again);
  const run = third.tempolite.run('ways', again);

  t.is(await run.result(), 'x by 1 on by 1');
});

test('a run that is paused, forked or taken back where it chooses takes the newest all the same', async (t) => {
  const choosing = workflow('choosing', ((text$) =>
    text$.pipe(
      activity('a', echo),
      versioned('way', { 0: map((text: string) => `${text} old`), 1: map((text: string) => `${text} new`) }),
      awaitSignal(go, (word, text) => `${text} ${word}`),
    )) as Texts);
  const { tempolite, clock } = await engineOf(t, { workflows: [choosing] });
  const run = await tempolite.start(choosing, 'x', { id: 'x' });
  await clock.advance('1 second');
  const events = await firstEvents(tempolite, 'x');
  const chosen = events.find(({ type }) => type === 'version-chosen');

  const ids: string[] = [];
  for (let at = 0; at <= (chosen?.seq ?? 0); at += 1) {
    const fork = await run.fork(at, { id: `fork ${at}` });
    await fork.pause();
    await fork.resume();
    ids.push(fork.id);
  }
  await run.pause();
  await run.rewind(0);

  t.true(ids.length >= 3);
  for (const id of [...ids, 'x']) {
    const each = tempolite.run(id, choosing);
    await each.signal(go, 'on');
    t.is(await clock.until(each.result()), 'x new on', id);
  }
});

test('a run that is forked within the commit that chooses takes the newest all the same', async (t) => {
  const choosing = workflow('choosing', ((text$) =>
    text$.pipe(
      mergeMap((text) => merge(of('before'), getVersion('way', 0, 1).pipe(map((version) => `${text} ${version}`)))),
    )) as Texts);
  const { tempolite, clock } = await engineOf(t, { workflows: [choosing] });
  const run = await tempolite.start(choosing, 'x', { id: 'x' });
  t.is(await clock.until(run.result()), 'x 1');

  for (let at = 0; at <= 3; at += 1) {
    const fork = await run.fork(at, { id: `fork ${at}` });
    t.is(await clock.until(fork.result()), 'x 1', fork.id);
  }
});

const firstEvents = async (tempolite: Tempolite, id: string) => {
  const seen: { readonly seq: number; readonly type: string }[] = [];
  const subscription = tempolite.run(id).events$.subscribe((event) => seen.push(event));
  await firstValueFrom(tempolite.run(id).state$.pipe(filter(({ status }) => status !== 'pending')));
  await new Promise((resolve) => setImmediate(resolve));
  subscription.unsubscribe();
  return seen;
};

test('each link of a run chooses for itself', async (t) => {
  const linked = (newest: number): Texts => {
    const branches = Object.fromEntries(
      Array.from({ length: newest + 1 }, (_, n) => [n, map((text: string) => `${text}${n}`)]),
    );
    return (text$) =>
      text$.pipe(
        versioned('way', branches),
        awaitSignal(go, (word, text) => `${text}${word}`),
        mergeMap((text) => (text.endsWith('!') ? of(text) : continueAsNew(text))),
      );
  };
  const zero = workflow('linked', linked(0));
  const first = await engineOf(t, { workflows: [zero] });
  await first.tempolite.start(zero, 'x', { id: 'linked' });
  await first.clock.advance('1 hour');

  const one = workflow('linked', linked(1));
  const second = await redeployed(t, first, one);
  const run = second.tempolite.run('linked', one);
  await run.signal(go, '-');
  await run.signal(go, '!');

  t.is(await run.result(), 'x0-1!');
});

// ── several versions of a definition ────────────────────────────────────────────────────────────────────────────────────

const v1 = workflow('order', { version: 1 }, plain);
const v2 = workflow('order', { version: 2 }, ((text$) =>
  text$.pipe(
    activity('two', (text: string) => `two ${text}`),
    awaitSignal(go, (word, text) => `${text} ${word}`),
  )) as Texts);

test('of two versions new runs take the newest, and runs in flight keep theirs (scenario 29)', async (t) => {
  const first = await engineOf(t, { workflows: [v1] });
  await first.tempolite.start(v1, 'old', { id: 'old' });
  await first.clock.advance('1 hour');

  const second = await redeployed(t, first, v1, v2);
  // Whichever definition is at hand.
  const recent = await second.tempolite.start(v1, 'new', { id: 'new' });
  await second.clock.advance('1 hour');
  const third = await redeployed(t, second, v2, v1);
  for (const id of ['old', 'new']) await third.tempolite.run(id).signal(go, 'gone');

  t.is(await third.tempolite.run('old', v1).result(), 'old gone');
  t.is(await third.tempolite.run(recent.id, v2).result(), 'two new gone');
  t.deepEqual(
    (await third.tempolite.list()).map(({ version }) => version),
    [1, 2],
  );
});

test('a child takes the newest version, and keeps it while newer ones come', async (t) => {
  const parent = workflow('parent', ((text$) => text$.pipe(childWorkflow(v1))) as Texts);
  const first = await engineOf(t, { workflows: [parent, v1] });
  await first.tempolite.start(parent, 'a', { id: 'a' });
  await first.clock.advance('1 hour');

  const second = await redeployed(t, first, parent, v1, v2);
  await second.tempolite.start(parent, 'b', { id: 'b' });
  await second.clock.advance('1 hour');
  const children = (await second.tempolite.list()).filter(({ workflow: name }) => name === 'order');
  for (const { id } of children) await second.tempolite.run(id).signal(go, 'gone');

  t.deepEqual(
    children.map(({ version }) => version),
    [1, 2],
  );
  t.is(await second.tempolite.run('a', parent).result(), 'a gone');
  t.is(await second.tempolite.run('b', parent).result(), 'two b gone');
});

test('the next link takes the newest version when it is asked to, and else that of the run', async (t) => {
  const linked = (version: number, newest: boolean): WorkflowDefinition<string, string> =>
    workflow('linked', { version }, ((text$) =>
      text$.pipe(
        awaitSignal(go, (word, text) => `${text}${version}${word}`),
        mergeMap((text) =>
          text.endsWith('!') ? of(text) : continueAsNew(text, { version: newest ? 'newest' : 'same' }),
        ),
      )) as Texts);
  for (const [newest, result] of [
    [true, 'x1-2!'],
    [false, 'x1-1!'],
  ] as const) {
    const one = linked(1, newest);
    const first = await engineOf(t, { workflows: [one] });
    await first.tempolite.start(one, 'x', { id: 'linked' });
    const second = await redeployed(t, first, one, linked(2, newest));
    const run = second.tempolite.run('linked', one);
    await run.signal(go, '-');
    await run.signal(go, '!');

    t.is(await run.result(), result);
  }
});

for (const [what, others] of [
  ['a workflow', workflow('another', ((text$) => text$) as Texts)],
  ['a version', v2],
] as const) {
  test(`a run of ${what} that nobody has registered waits visibly, and nobody looks at it again and again (scenario 29)`, async (t) => {
    const url = databaseOf(t);
    const clock = new TestClock();
    const sleeping = workflow('order', { version: 1 }, ((text$) => text$.pipe(sleep('1 day'))) as Texts);
    const first = await engineOf(t, { workflows: [sleeping], url, clock });
    await first.tempolite.start(sleeping, 'waiting', { id: 'waiting' });
    await clock.advance('1 hour');
    await first.tempolite.start(sleeping, 'pending', { id: 'pending', startAt: clock.now() + 3_600_000 });
    await first.tempolite.close();

    const journal = await openJournal({ url });
    let reads = 0;
    for (const method of ['claim', 'news', 'expire', 'nextWake', 'run', 'events', 'inbox'] as const) {
      const asked = journal[method].bind(journal) as (...args: unknown[]) => unknown;
      journal[method] = ((...args: unknown[]) => {
        reads += 1;
        return asked(...args);
      }) as never;
    }
    const tempolite = await Tempolite.over(journal, { workflows: [others], clock });
    await clock.advance('3 days');
    const readsBefore = reads;
    await clock.advance('30 days');
    const readsAfter = reads;
    await tempolite.run('waiting').signal(go, 'heard by nobody');
    await clock.advance('1 day');
    const statuses = (await tempolite.list()).map(({ id, status }) => `${id} ${status}`);
    await tempolite.close();

    t.deepEqual(statuses, ['waiting waiting', 'pending pending']);
    t.is(readsAfter - readsBefore, 0, 'a month without a look');
    t.true(reads < 50, `${reads} reads in all`);

    const last = await engineOf(t, { workflows: [sleeping], url, clock });
    t.is(await clock.until(last.tempolite.run('waiting', sleeping).result()), 'waiting');
    t.is(await clock.until(last.tempolite.run('pending', sleeping).result()), 'pending');
  });
}
