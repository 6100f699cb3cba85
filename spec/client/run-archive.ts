import { randomBytes } from 'node:crypto';
import test from 'ava';
import type { Observable } from 'rxjs';
import { activity, awaitSignal, childWorkflow, defineSignal, encrypt, workflow } from '../../source/index.js';
import { engineOf } from '../_support/engine.js';
import { deferred } from '../_support/engine.js';

const go = defineSignal<string>('go');

const flow = (calls: string[]) =>
  workflow('flow', (text$: Observable<string>) =>
    text$.pipe(
      activity('shout', (text: string) => {
        calls.push('shout');
        return text.toUpperCase();
      }),
      awaitSignal(go, (more, text) => `${text} ${more}`),
      awaitSignal(go, (more, text) => `${text} ${more}`),
    ),
  );
const child = workflow('child', (text$: Observable<string>) =>
  text$.pipe(awaitSignal(go, (more, text) => text + more)),
);
const parent = workflow('parent', (text$: Observable<string>) => text$.pipe(childWorkflow(child)));

const textOf = async (lines: AsyncIterable<string>): Promise<string> => {
  let text = '';
  for await (const line of lines) text += line;
  return text;
};

test('a run moves to another database, with other keys, and goes on where it was', async (t) => {
  const calls: string[] = [];
  const workflows = [flow(calls)];
  const keyed = () => ({ payloads: [encrypt({ keys: { k: randomBytes(32) }, use: 'k' })] });
  const [from, to] = [await engineOf(t, { workflows, ...keyed() }), await engineOf(t, { workflows, ...keyed() })];
  const run = await from.tempolite.start(flow(calls), 'a', { id: 'run', tags: { of: 'ada' } });
  await run.signal(go, 'b');
  await from.clock.settle();
  const lines = await textOf(from.tempolite.exportRun('run'));
  await run.terminate();

  t.deepEqual(await to.tempolite.importRun(lines), ['run']);
  const moved = to.tempolite.run('run');
  await moved.signal(go, 'c');

  t.is(await to.clock.until(moved.result()), 'A b c');
  t.deepEqual(calls, ['shout'], 'nothing is done twice');
  t.is((await to.tempolite.list({ tags: { of: 'ada' } })).length, 1);
});

test('unread signals come along, and wake it', async (t) => {
  const begun = deferred();
  const hold = deferred<string>();
  const slow = workflow('slow', (text$: Observable<string>) =>
    text$.pipe(
      activity('hold', () => {
        begun.resolve();
        return hold.promise;
      }),
      awaitSignal(go, (more, text) => `${text} ${more}`),
    ),
  );
  const [from, to] = [await engineOf(t, { workflows: [slow] }), await engineOf(t, { workflows: [slow] })];
  const run = await from.tempolite.start(slow, 'a', { id: 'run' });
  await run.signal(go, 'early');
  await begun.promise;
  const lines = await textOf(from.tempolite.exportRun('run'));
  hold.resolve('held');

  await to.tempolite.importRun([lines]);

  t.is(await to.clock.until(to.tempolite.run('run').result()), 'held early');
});

test('a parent moves with its child, which tells it its outcome there', async (t) => {
  const workflows = [parent, child];
  const [from, to] = [await engineOf(t, { workflows }), await engineOf(t, { workflows })];
  await from.tempolite.start(parent, 'a', { id: 'run' });
  await from.clock.settle();

  const ids = await to.tempolite.importRun(from.tempolite.exportRun('run', { withChildren: true }));
  t.is(ids.length, 2);
  await to.tempolite.run(ids[1] ?? '').signal(go, 'b');

  t.is(await to.clock.until(to.tempolite.run('run').result()), 'ab');
});

test('what is damaged is refused, and nothing is written', async (t) => {
  const workflows = [flow([])];
  const [from, to] = [await engineOf(t, { workflows }), await engineOf(t, { workflows })];
  await from.tempolite.start(flow([]), 'secret', { id: 'run' });
  await from.clock.settle();
  const lines = (await textOf(from.tempolite.exportRun('run'))).trimEnd().split('\n');
  const damaged: Readonly<Record<string, readonly string[]>> = {
    nothing: [],
    'cut off': lines.slice(0, -1),
    'an event is missing': lines.filter((_, n) => n !== 1),
    'events in another order': [lines[0], lines[2], lines[1], ...lines.slice(3)].map(String),
    'no JSON': lines.map((line, n) => (n === 1 ? line.slice(0, -4) : line)),
    'a newer format': lines.map((line) => line.replace('"format":2', '"format":3')),
    'an unknown event': lines.map((line) => line.replace('activity-completed', 'secret-completed')),
    'a field of another type': lines.map((line) => line.replace(/"payload":"[^"]*/, '"payload":12,"x":"')),
    'another status': lines.map((line) => line.replace('"status":"waiting"', '"status":"completed"')),
    'time goes back': lines.map((line) => line.replace(/("seq":1,.*"at":)\d+/, '$11')),
  };

  for (const [what, text] of Object.entries(damaged)) {
    const error = await t.throwsAsync(
      to.tempolite.importRun(text.map((line) => `${line}\n`)),
      { code: 'DECODE_FAILED' },
      what,
    );
    t.notRegex(error.message.replace('secret-completed', ''), /secret/, what);
  }
  t.deepEqual(await to.tempolite.list(), []);
  t.deepEqual(await to.tempolite.importRun(lines.map((line) => `${line}\n`)), ['run']);
  await t.throwsAsync(to.tempolite.importRun(lines.join('\n')), { code: 'RUN_EXISTS' });
  await t.throwsAsync(textOf(from.tempolite.exportRun('nobody')), { code: 'RUN_NOT_FOUND' });
});
