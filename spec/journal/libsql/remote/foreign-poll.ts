import test from 'ava';
import { mock } from 'node:test';
import { ForeignPoll } from '../../../../source/journal/libsql/remote/foreign-poll.js';

// The clock is one for all of them.
test.before(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
});
test.after(() => {
  mock.timers.reset();
});

/** A poll of something that changes, with the pauses between its questions. */
const polled = (): {
  readonly poll: ForeignPoll;
  readonly state: { value: number | Error; asked: number; news: number };
  readonly pauseMs: () => Promise<number>;
} => {
  const state: { value: number | Error; asked: number; news: number } = { value: 1, asked: 0, news: 0 };
  const look = (): Promise<string> => {
    state.asked += 1;
    return state.value instanceof Error ? Promise.reject(state.value) : Promise.resolve(String(state.value));
  };
  const poll = new ForeignPoll(look, '1', { pollMinMs: 10, pollMaxMs: 80 }, () => {
    state.news += 1;
  });
  return {
    poll,
    state,
    pauseMs: async () => {
      // The answer comes in microtasks.
      await new Promise((resolve) => setImmediate(resolve));
      const { asked } = state;
      let ms = 0;
      for (; state.asked === asked && ms < 1000; ms += 1) mock.timers.tick(1);
      return ms;
    },
  };
};

test.serial('the pause doubles while nothing happens, up to its limit', async (t) => {
  const { poll, pauseMs } = polled();
  poll.start();

  const pauses: number[] = [];
  for (let n = 0; n < 5; n += 1) pauses.push(await pauseMs());

  t.deepEqual(pauses, [20, 40, 80, 80, 80]);
  poll.stop();
});

test.serial(
  'what was there when it began is no news, what changes is, and the pause is the shortest again',
  async (t) => {
    const { poll, state, pauseMs } = polled();
    poll.start();
    await pauseMs();
    await pauseMs();
    t.is(state.news, 0);

    state.value = 2;
    await pauseMs();
    const pause = await pauseMs();

    t.is(state.news, 1);
    t.is(pause, 10);
    poll.stop();
  },
);

test.serial('a write of one’s own makes the pause the shortest', async (t) => {
  const { poll, pauseMs } = polled();
  poll.start();
  for (let n = 0; n < 3; n += 1) await pauseMs();

  await new Promise((resolve) => setImmediate(resolve));
  poll.hurry();

  t.is(await pauseMs(), 10);
  poll.stop();
});

test.serial('a question without an answer is no news, and is asked again', async (t) => {
  const { poll, state, pauseMs } = polled();
  state.value = new Error('the server is away');
  poll.start();
  await pauseMs();
  t.is(state.news, 0);

  state.value = 2;
  await pauseMs();
  await pauseMs();
  t.is(state.news, 1, 'what came meanwhile is news');

  state.value = new Error('the server is gone');
  await pauseMs();
  state.value = 2;
  await pauseMs();
  await pauseMs();
  t.is(state.news, 1);
  poll.stop();
});

test.serial('nothing is asked while nobody listens; what happens meanwhile is news', async (t) => {
  const { poll, state, pauseMs } = polled();
  poll.start();
  await pauseMs();
  await new Promise((resolve) => setImmediate(resolve));

  poll.pause();
  t.is(await pauseMs(), 1000);
  state.value = 2;
  poll.start();
  await pauseMs();

  t.is(state.news, 1);
  poll.stop();
  t.is(await pauseMs(), 1000);
});
