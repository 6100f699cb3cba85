import test from 'ava';
import { isTerminal, mayBecome, statuses, type RunStatus } from '../../source/journal/status.js';

/** Each row in the order of `statuses`: where a run may go from there. */
const table: Readonly<Record<RunStatus, string>> = {
  //            p r w p b c f c t c
  pending: '    x x x x x x x x x x',
  running: '    . x x x x x x x x x',
  waiting: '    . x x x x x x x x x',
  paused: '     x x x x x x x x x x',
  blocked: '    . x x x x x x x x x',
  completed: '  . x . . . x . . . .',
  failed: '     . x x . . . x . . .',
  cancelled: '  . . . . . . . x . .',
  terminated: ' . . . . . . . . x .',
  continued: '  . . . . . . . . . x',
};

for (const from of statuses) {
  test(`a run that is ${from} may become what the table says`, (t) => {
    const found = statuses.map((to) => (mayBecome(from, to) ? 'x' : '.')).join(' ');

    t.is(found, table[from].trim());
  });
}

test('five statuses are the end of a run, and only a retry or a rewind leads on from there', (t) => {
  const ends = statuses.filter(isTerminal);

  t.deepEqual(ends, ['completed', 'failed', 'cancelled', 'terminated', 'continued']);
  t.deepEqual(
    ends.filter((end) => statuses.some((to) => to !== end && mayBecome(end, to))),
    ['completed', 'failed'],
  );
});

test('nothing goes back to pending but what was paused before it began', (t) => {
  t.deepEqual(
    statuses.filter((from) => from !== 'pending' && mayBecome(from, 'pending')),
    ['paused'],
  );
});

test('every status can be reached from pending', (t) => {
  const reached = new Set<RunStatus>(['pending']);
  for (const from of reached) for (const to of statuses) if (mayBecome(from, to)) reached.add(to);

  t.is(reached.size, statuses.length);
});
