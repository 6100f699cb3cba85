import test from 'ava';
import type { RunEvent } from '../../source/journal/event.js';
import { output } from '../_support/journals.js';
import { deskOf, now, paused, put } from '../_support/request-desk.js';

const failed: RunEvent = { type: 'run-failed', seq: 2, batch: 2, epoch: 0, at: 5, index: 1, payload: '"no"' };

test('a paused run is resumed, and goes on here', async (t) => {
  const desk = await deskOf(t);
  await put(desk, 'paused', { events: [paused], frees: true });
  await desk.ask('resume');

  await desk.requests.attend('run');

  const { events, run, unread } = await desk.outcome();
  t.deepEqual([events, run?.status, unread], [['run-paused', 'run-resumed'], 'running', []]);
  t.deepEqual(desk.activated, ['run']);
});

test('a paused run that is cancelled goes on first: the request stays for its pipeline', async (t) => {
  const desk = await deskOf(t);
  await put(desk, 'paused', { events: [paused] });
  await desk.ask('cancel');

  await desk.requests.attend('run');

  const { run, unread } = await desk.outcome();
  t.deepEqual([run?.status, unread], ['running', ['cancel']]);
  t.like((await desk.journal.events('run', 0, 2, 1))[0], { type: 'run-resumed', payload: 'cancel', batch: 2 });
  t.deepEqual(desk.activated, ['run']);
});

test('what is decided about a paused run belongs to the batch of what was recorded meanwhile', async (t) => {
  const desk = await deskOf(t);
  await put(desk, 'paused', { events: [paused, output(2), output(3, { batch: 2 })] });
  await desk.ask('resume');

  await desk.requests.attend('run');

  t.like((await desk.journal.events('run', 0, 4, 1))[0], { type: 'run-resumed', batch: 2 });
});

test('a failed run goes back to where its failure began, or to the place that is asked for', async (t) => {
  for (const [name, payload, type, from] of [
    ['replay', '{}', 'run-retried', 1],
    ['rewind', '{"goTo":0}', 'run-rewound', 1],
  ] as const) {
    const desk = await deskOf(t);
    await put(desk, 'failed', { events: [output(1), failed], detail: '"no"' });
    await desk.ask(name, payload);

    await desk.requests.attend('run');

    const { events, run, unread } = await desk.outcome();
    t.deepEqual([events.slice(2), run?.status, unread], [[type], 'running', []], name);
    t.like(run?.rewinds?.[0], { seq: 3, from, keepsSuccesses: name === 'replay', automatic: false }, name);
    t.is(run?.detail, undefined, name);
    t.deepEqual(desk.activated, ['run'], name);
  }
});

test('a blocked run is tried again by replay, without an event', async (t) => {
  const desk = await deskOf(t);
  await put(desk, 'blocked', { detail: '"it differs"' });
  await desk.ask('replay');

  await desk.requests.attend('run');

  const { events, run } = await desk.outcome();
  t.deepEqual([events, run?.status, run?.detail], [[], 'running', undefined]);
  t.deepEqual(desk.activated, ['run']);
});

test('a blocked run is paused without its pipeline, and keeps how it differs', async (t) => {
  const desk = await deskOf(t);
  await put(desk, 'blocked', { detail: '"it differs"' });
  await desk.ask('pause');

  await desk.requests.attend('run');

  const { events, run } = await desk.outcome();
  t.deepEqual([events, run?.status, run?.detail, run?.worker], [['run-paused'], 'paused', '"it differs"', undefined]);
  t.deepEqual(desk.activated, []);
});

for (const status of ['paused', 'blocked'] as const) {
  test(`a run that is ${status} is terminated without its pipeline`, async (t) => {
    const desk = await deskOf(t);
    await put(desk, status);
    await desk.ask('terminate');

    await desk.requests.attend('run');

    const { events, run, unread } = await desk.outcome();
    t.deepEqual([events, run?.status, unread], [['run-terminated'], 'terminated', []]);
    t.regex(run?.detail ?? '', /RUN_TERMINATED/);
    t.deepEqual(desk.activated, []);
  });
}

test('a run that is not due yet is paused, waits for the same instant when it is resumed, and needs no pipeline', async (t) => {
  const desk = await deskOf(t);
  await put(desk, 'pending', { run: { wakeAt: now + 50 } });

  await desk.ask('pause');
  await desk.requests.attend('run');
  t.like((await desk.outcome()).run, { status: 'paused', wakeAt: now + 50 });
  await desk.ask('resume');
  await desk.requests.attend('run');

  const { events, run } = await desk.outcome();
  t.deepEqual([events, run?.status, run?.wakeAt], [['run-paused', 'run-resumed'], 'pending', now + 50]);
});

test('requests that came together are decided in their order, each with what the one before has made of the run', async (t) => {
  const desk = await deskOf(t);
  await put(desk, 'pending', { run: { wakeAt: now + 50 } });
  for (const name of ['pause', 'resume', 'pause', 'terminate', 'pause']) await desk.ask(name);

  await desk.requests.attend('run');

  const { events, run, unread } = await desk.outcome();
  t.deepEqual(events, ['run-paused', 'run-resumed', 'run-paused', 'run-terminated']);
  t.deepEqual([run?.status, unread], ['terminated', []], 'what finds the run in another state comes to nothing');
});

test('a run that was paused while it waits for its retry waits for it again', async (t) => {
  const desk = await deskOf(t, { known: false });
  await put(desk, 'waiting', { events: [output(1), failed], wakeAt: now + 50, detail: '"no"', frees: true });

  await desk.ask('pause');
  await desk.requests.attend('run');
  t.like((await desk.outcome()).run, { status: 'paused', wakeAt: now + 50, detail: '"no"' });
  await desk.ask('resume');
  await desk.requests.attend('run');

  t.like((await desk.outcome()).run, { status: 'waiting', wakeAt: now + 50, detail: '"no"' });
});

for (const [what, status, wakeAt, name] of [
  ['at work', 'running', undefined, 'pause'],
  ['waiting', 'waiting', undefined, 'terminate'],
  ['due', 'pending', now, 'pause'],
  ['not due yet, and is cancelled', 'pending', now + 50, 'cancel'],
] as const) {
  test(`a run that is ${what} decides for itself: it is brought to memory, and nothing is written`, async (t) => {
    const desk = await deskOf(t);
    await put(desk, status, { run: wakeAt === undefined ? {} : { wakeAt }, frees: true });
    await desk.ask(name);

    await desk.requests.attend('run');

    const { events, run, unread } = await desk.outcome();
    t.deepEqual([events, run?.status, unread], [[], status, [name]]);
    t.deepEqual(desk.activated, ['run']);
  });
}

test('where the workflow of a run is not known it is paused, resumed and terminated all the same, for others to go on', async (t) => {
  const desk = await deskOf(t, { known: false });
  await put(desk, 'waiting', { frees: true });

  for (const [name, status] of [
    ['pause', 'paused'],
    ['resume', 'running'],
    ['terminate', 'terminated'],
  ] as const) {
    await desk.ask(name);
    await desk.requests.attend('run');
    const { run, unread } = await desk.outcome();
    t.deepEqual([run?.status, run?.worker, unread], [status, undefined, []]);
  }
});

test('where the workflow of a run is not known, what comes to nothing leaves it as it was, and nobody’s', async (t) => {
  const desk = await deskOf(t, { known: false });
  await put(desk, 'waiting', { wakeAt: now + 50, detail: '"no"', frees: true });
  await desk.ask('resume');

  await desk.requests.attend('run');

  const { events, run, unread } = await desk.outcome();
  t.deepEqual([events, unread], [[], []]);
  t.like(run, { status: 'waiting', wakeAt: now + 50, detail: '"no"' });
  t.is(run?.worker, undefined);
  t.deepEqual(desk.activated, []);
});

test('a cancellation waits until the workflow of its run is known', async (t) => {
  const desk = await deskOf(t, { known: false });
  await put(desk, 'waiting', { frees: true });
  await desk.ask('cancel');

  await desk.requests.attend('run');

  const { events, run, unread } = await desk.outcome();
  t.deepEqual([events, run?.status, unread], [[], 'waiting', ['cancel']]);
});
