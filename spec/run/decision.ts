import test from 'ava';
import { decisionOn, type Standing } from '../../source/run/decision.js';

const standing = (changes: Partial<Standing> = {}): Standing => ({
  runId: 'run',
  isPaused: false,
  isClosing: false,
  isOver: false,
  failed: undefined,
  compensatedSince: () => [],
  ...changes,
});

const typesOf = (...args: Parameters<typeof decisionOn>): readonly string[] =>
  decisionOn(...args).bodies.map(({ type }) => type);

test('what is asked for twice comes to nothing the second time', (t) => {
  t.deepEqual(typesOf({ type: 'pause' }, standing()), ['run-paused']);
  t.deepEqual(typesOf({ type: 'pause' }, standing({ isPaused: true })), []);
  t.deepEqual(typesOf({ type: 'resume' }, standing({ isPaused: true })), ['run-resumed']);
  t.deepEqual(typesOf({ type: 'resume' }, standing()), []);
  t.deepEqual(typesOf({ type: 'replay' }, standing()), []);
  t.deepEqual(typesOf({ type: 'cancel' }, standing()), ['cancel-requested']);
  t.deepEqual(typesOf({ type: 'cancel' }, standing({ isClosing: true })), []);
});

test('a paused run is resumed before it is cancelled, and the request stays', (t) => {
  const { bodies, then, staysAsked } = decisionOn({ type: 'cancel' }, standing({ isPaused: true }));

  t.deepEqual(bodies, [{ type: 'run-resumed', payload: 'cancel' }]);
  t.deepEqual([then, staysAsked], ['restart', true]);
});

test('a run that waits for its retry goes back before it is cancelled', (t) => {
  const { bodies, staysAsked } = decisionOn({ type: 'cancel' }, standing({ failed: { index: 3, seq: 5 } }));

  t.deepEqual(bodies, [
    { type: 'run-retried', index: 3 },
    { type: 'run-resumed', payload: 'cancel' },
  ]);
  t.true(staysAsked);
});

test('a replay goes back to where the failure began, a rewind behind the event that still counts', (t) => {
  const replay = decisionOn({ type: 'replay' }, standing({ failed: { index: 3, seq: 5 } }));
  const rewind = decisionOn({ type: 'rewind', goTo: 2 }, standing());

  t.like(replay.goBack?.({ seq: 6, at: 9 }).rewinds[0], {
    seq: 6,
    at: 9,
    from: 3,
    keepsSuccesses: true,
    automatic: false,
  });
  t.like(rewind.goBack?.({ seq: 6, at: 9 }).rewinds[0], { seq: 6, at: 9, from: 3, keepsSuccesses: false });
});

test('a run that is over is asked for nothing but to go back', (t) => {
  const over = standing({ isOver: true, failed: { index: 3, seq: 5 } });

  for (const type of ['pause', 'resume', 'cancel', 'terminate'] as const) t.deepEqual(typesOf({ type }, over), []);
  t.deepEqual(typesOf({ type: 'replay' }, over), ['run-retried']);
});

test('a run is terminated whatever it does', (t) => {
  for (const changes of [{}, { isPaused: true }, { isClosing: true }, { failed: { seq: 1 } }])
    t.like(decisionOn({ type: 'terminate' }, standing(changes)), { status: 'terminated', then: 'end' });
});
