import test from 'ava';
import { deferred } from '../_support/engine.js';
import { deskOf, paused, put, type Desk, type Setting } from '../_support/request-desk.js';

/** When and by whom requests are decided about: what is decided is in the spec of `engine/requests`. */

test("another worker's run is left to that", async (t) => {
  const desk = await deskOf(t, { journal: () => ({ claimRun: () => Promise.resolve(undefined) }) });
  await put(desk, 'paused', { events: [paused] });
  await desk.ask('resume');

  await desk.requests.attend('run');

  const { events, unread } = await desk.outcome();
  t.deepEqual([events, unread], [['run-paused'], ['resume']]);
  t.deepEqual(desk.activated, []);
  t.deepEqual(desk.ear.heard, []);
});

test('a run in memory is given all its letters, one that has stopped is not', async (t) => {
  for (const status of ['busy', 'stopped'] as const) {
    const received: string[] = [];
    const execution = { status, receive: ({ name }: { readonly name: string }) => received.push(name) } as const;
    const desk = await deskOf(t, { host: { residents: new Map([['run', execution]]) } });
    await put(desk, 'running');
    for (const name of ['pause', 'cancel']) await desk.ask(name);

    await desk.requests.attend('run');

    t.deepEqual(received, status === 'busy' ? ['pause', 'cancel'] : []);
    t.deepEqual((await desk.outcome()).events, []);
  }
});

test('a run that is being brought to memory is waited for, and decides for itself', async (t) => {
  const isLoaded = deferred();
  const residents = new Map<string, { status: 'busy'; receive: () => void }>();
  let received = 0;
  const desk = await deskOf(t, { host: { residents, loaded: () => isLoaded.promise } });
  await put(desk, 'paused');
  await desk.ask('resume');

  const attended = desk.requests.attend('run');
  t.false(desk.requests.isQuiet);
  await desk.outcome();
  t.deepEqual((await desk.outcome()).unread, ['resume']);
  residents.set('run', { status: 'busy', receive: () => (received += 1) });
  isLoaded.resolve();
  await attended;

  t.is(received, 1);
  t.true(desk.requests.isQuiet);
  t.deepEqual((await desk.outcome()).events, []);
});

test('a request that is seen to twice at once is decided once', async (t) => {
  const desk = await deskOf(t);
  await put(desk, 'paused', { events: [paused] });
  await desk.ask('resume');

  void desk.requests.attend('run');
  void desk.requests.attend('run');
  await desk.requests.undecided('run');

  t.deepEqual((await desk.outcome()).events, ['run-paused', 'run-resumed']);
  t.deepEqual(desk.ear.heard, []);
  t.true(desk.requests.isQuiet);
});

test('a request that was decided while its letter was read is not decided again', async (t) => {
  const desk = await deskOf(t, {
    journal: (journal) => ({
      inbox: async (runId) => {
        const inbox = await journal.inbox(runId);
        // Another process was quicker, and the run is blocked once more.
        const consumed = inbox.letters.map(({ id }) => id);
        await journal.commit({ runId, link: 0, events: [], consumed, status: { status: 'blocked', at: 6 } });
        return inbox;
      },
    }),
  });
  await put(desk, 'blocked');
  await desk.ask('pause');

  await desk.requests.attend('run');

  const { events, run, unread } = await desk.outcome();
  t.deepEqual([events, run?.status, unread], [[], 'blocked', []]);
});

test('a request of a later release is left alone, and keeps nobody from going on', async (t) => {
  const desk = await deskOf(t);
  await put(desk, 'paused', { events: [paused] });
  for (const name of ['resume', 'hibernate']) await desk.ask(name);

  await desk.requests.attend('run');

  const { run, unread } = await desk.outcome();
  t.deepEqual([run?.status, unread], ['running', ['hibernate']]);
  t.deepEqual(desk.activated, ['run']);
});

const refusals: Readonly<Record<string, (fail: () => void) => Setting>> = {
  'cannot be read': (fail) => ({
    journal: (journal) => ({
      inbox: async (runId) => {
        fail();
        return journal.inbox(runId);
      },
    }),
  }),
  'cannot be claimed': (fail) => ({
    journal: (journal) => ({
      claimRun: async (runId) => {
        fail();
        return journal.claimRun(runId);
      },
    }),
  }),
};

for (const [what, settingOf] of Object.entries(refusals)) {
  test(`a request of a run that ${what} is looked at again`, async (t) => {
    let isBroken = true;
    const desk = await deskOf(
      t,
      settingOf(() => {
        if (isBroken) throw new Error('not now');
      }),
    );
    await put(desk, 'paused', { events: [paused] });
    await desk.ask('resume');
    const isDecided = deferred();
    desk.journal.subscribe((changes) => {
      if (changes.some(({ type }) => type === 'consumed')) isDecided.resolve();
    });

    await desk.requests.attend('run');
    t.deepEqual((await desk.outcome()).unread, ['resume']);
    isBroken = false;
    await isDecided.promise;

    t.deepEqual((await desk.outcome()).events, ['run-paused', 'run-resumed']);
    t.like(desk.ear.heard[0], { message: 'not now', runId: 'run' });
  });
}

test('a request whose decision cannot be written is looked at again', async (t) => {
  let isBroken = true;
  const desk: Desk = await deskOf(t, {
    host: {
      commit: (commit) => (isBroken ? Promise.reject(new Error('not now')) : desk.journal.commit(commit)),
    },
  });
  await put(desk, 'paused', { events: [paused] });
  await desk.ask('resume');
  const isDecided = deferred();
  desk.journal.subscribe((changes) => {
    if (changes.some(({ type }) => type === 'consumed')) isDecided.resolve();
  });

  await desk.requests.attend('run');
  const { events, unread } = await desk.outcome();
  t.deepEqual([events, unread], [['run-paused'], ['resume']]);
  isBroken = false;
  await isDecided.promise;

  t.deepEqual((await desk.outcome()).events, ['run-paused', 'run-resumed']);
});

test('who is closing decides nothing any more, and does not look again', async (t) => {
  let readings = 0;
  const desk = await deskOf(t, {
    host: { isOpen: false },
    journal: (journal) => ({
      inbox: (runId) => {
        readings += 1;
        return readings === 1 ? Promise.reject(new Error('not now')) : journal.inbox(runId);
      },
    }),
  });
  await put(desk, 'paused', { events: [paused] });
  await desk.ask('resume');

  await desk.requests.attend('run');
  // Timers of one length ring in the order in which they were set.
  await new Promise((resolve) => setTimeout(resolve, 0));
  t.is(readings, 1);
  await desk.requests.attend('run');

  const { events, unread } = await desk.outcome();
  t.deepEqual([events, unread], [['run-paused'], ['resume']]);
});
