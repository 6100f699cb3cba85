import test from 'ava';
import type { EventBody, RunEvent } from '../../source/journal/event.js';
import type { RunRecord } from '../../source/journal/run-record.js';
import { rewindsOf } from '../../source/run/rewinds.js';
import { checkFences, checkHistory, checkLink } from '../../source/run/check-history.js';

type Line = EventBody & { readonly at?: number; readonly epoch?: number; readonly batch?: number };

/** A history of one event a commit, at the instants of their places unless told otherwise. */
const historyOf = (lines: readonly Line[]): RunEvent[] =>
  lines.map((line, seq) => ({ seq, batch: seq, epoch: 0, at: seq, ...line }));

const recordOf = (events: readonly RunEvent[], changes: Partial<RunRecord> = {}): RunRecord => ({
  id: 'run',
  workflow: 'order',
  version: 1,
  status: 'running',
  link: 0,
  priority: 0,
  tags: {},
  inputDigest: 'd',
  createdAt: 0,
  updatedAt: 0,
  rewinds: rewindsOf(events),
  ...changes,
});

const faultsOf = (lines: readonly Line[], changes: Partial<RunRecord> = {}): readonly string[] => {
  const events = historyOf(lines);
  return checkHistory({ run: recordOf(events, changes), events, signals: [] });
};

const started: Line = { type: 'started', payload: '1' };
const completedActivity = (key: string, changes: { readonly epoch?: number } = {}): Line => ({
  type: 'activity-completed',
  key: `activity:${key}`,
  digest: 'd',
  payload: '1',
  ...changes,
});
const failedActivity = (key: string): Line => ({
  type: 'activity-failed',
  key: `activity:${key}`,
  digest: 'd',
  index: 1,
  payload: '1',
});
const fired = (key: string, due: number, at = due): Line => ({
  type: 'timer-fired',
  key: `timer:${key}`,
  digest: 'd',
  index: due,
  at,
});
const output: Line = { type: 'output-emitted', index: 0, digest: 'd', payload: '1' };
const signal: Line = { type: 'signal-received', key: 'signal:go#0', digest: '', index: 1, payload: '1' };
const failed = (index: number): Line => ({ type: 'run-failed', index, payload: '1' });
const completed: Line = { type: 'run-completed', index: 0 };
const cancelled: Line = { type: 'run-cancelled', payload: '1' };
const terminated: Line = { type: 'run-terminated', payload: '1' };
const retried = (index: number): Line => ({ type: 'run-retried', index });
const rewound = (index: number): Line => ({ type: 'run-rewound', index });
const forked: Line = { type: 'run-forked', payload: '"run"' };
const paused: Line = { type: 'run-paused' };
const resumed: Line = { type: 'run-resumed' };
const undone: Line = { type: 'saga-compensated', index: 0, payload: 'saga:trip#0' };
const asked: Line = { type: 'cancel-requested' };

const right: Readonly<Record<string, readonly [readonly Line[], Partial<RunRecord>?]>> = {
  'a run at work': [[started, completedActivity('a#0')]],
  'a run that has completed': [
    [started, completedActivity('a#0'), { ...output, at: 1 }, completed],
    { status: 'completed' },
  ],
  'a failure with a late success': [
    [started, failedActivity('a#0'), failed(1), completedActivity('b#0')],
    { status: 'failed' },
  ],
  'a retry that finds what had succeeded': [
    [started, failedActivity('a#0'), failed(1), completedActivity('b#0'), retried(1), completedActivity('a#0')],
  ],
  'a run that is paused while it waits for its retry': [
    [started, failedActivity('a#0'), failed(1), paused],
    { status: 'paused' },
  ],
  'a run that is terminated while it waits for its retry': [
    [started, failedActivity('a#0'), failed(1), retried(1), terminated],
    { status: 'terminated' },
  ],
  'a saga that is compensated again by a retry': [[started, undone, failed(1), retried(1), undone]],
  'a completed run that goes back': [
    [started, completedActivity('a#0'), completed, rewound(0), completedActivity('a#0'), completed],
    { status: 'completed' },
  ],
  'what is in flight is recorded while it is paused': [
    [started, paused, completedActivity('a#0'), resumed, fired('rxjs#0', 1, 3)],
  ],
  'a paused run is cancelled': [[started, paused, resumed, asked, cancelled], { status: 'cancelled' }],
  'a paused run is terminated': [[started, paused, terminated], { status: 'terminated' }],
  'the run’s own timeout comes once more after a retry': [
    [started, fired('workflow timeout#0', 1), failed(1), retried(1), fired('workflow timeout#0', 4)],
  ],
  'the run’s own timeout comes once more after a retry, when something else had ended the run with it': [
    [
      started,
      failedActivity('a#0'),
      fired('workflow timeout#0', 2),
      failed(1),
      retried(1),
      fired('workflow timeout#0', 2, 5),
    ],
  ],
  'a fork of a paused run goes on': [[started, paused, forked, signal]],
  'a fork of a run that waits for its retry is retried': [
    [started, failedActivity('a#0'), failed(1), completedActivity('b#0'), forked, retried(1)],
  ],
  'a run that goes back to a late success is still failed, and is retried': [
    [started, failedActivity('a#0'), failed(1), completedActivity('b#0'), paused, rewound(3), retried(1)],
  ],
  'a finalizer runs again when its pipeline throws again': [
    [
      started,
      { ...completedActivity('x#0'), key: 'finalizer:unlock#0' } as Line,
      failed(1),
      retried(1),
      { ...completedActivity('x#0'), key: 'finalizer:unlock#0' } as Line,
    ],
  ],
  'a timer that a rewind brings back is late': [[started, fired('rxjs#0', 1), rewound(0), fired('rxjs#0', 1, 3)]],
  'a late timer behind the signal of an outage': [[started, { ...signal, at: 8 }, fired('rxjs#0', 7, 8)]],
};

for (const [name, [lines, changes]] of Object.entries(right)) {
  test(`all is well with ${name}`, (t) => {
    t.deepEqual(faultsOf(lines, changes), []);
  });
}

test('in real time, what has arrived before a timer was due may be recorded with it, and before those that are overdue as well', (t) => {
  const events = historyOf([
    started,
    { ...completedActivity('a#0'), at: 9, batch: 1 },
    { ...fired('rxjs#0', 3, 9), batch: 1 },
    fired('rxjs#1', 4, 9),
  ]);
  const run = recordOf(events);

  t.deepEqual(checkLink(run, 0, events), []);
  t.is(checkLink(run, 0, events, { isExact: true }).length, 2);
  const back = historyOf([...events, { ...failed(2), at: 9 }, { ...retried(2), at: 9 }]);
  t.deepEqual(checkLink(recordOf(back), 0, back), []);
  t.regex(
    checkLink(run, 0, historyOf([started, { ...completedActivity('a#0'), at: 9 }, fired('rxjs#0', 3, 9)])).join(),
    /was due at 3/,
  );
});

const wrong: Readonly<Record<string, readonly [RegExp, readonly Line[], Partial<RunRecord>?]>> = {
  'no start': [/completed at 0/, [completedActivity('a#0')]],
  'a second start': [/started at 1/, [started, started]],
  'time that goes back': [
    /time goes back at 2/,
    [started, { ...completedActivity('a#0'), at: 5 }, completedActivity('b#0')],
  ],
  'an output of a turn that has not been': [/comes from the future/, [started, output]],
  'half a batch': [/event 1 is of no batch/, [started, { ...output, batch: 7 }]],
  'a command with two ends': [/comes after its end/, [started, completedActivity('a#0'), completedActivity('a#0')]],
  'a success that a retry keeps, and that comes once more': [
    /comes after its end/,
    [started, failedActivity('a#0'), completedActivity('b#0'), failed(1), retried(1), completedActivity('b#0')],
  ],
  'an epoch that has not begun': [/epoch 1/, [started, completedActivity('a#0', { epoch: 1 })]],
  'a timer behind what came later': [
    /was due at 1/,
    [started, { ...completedActivity('a#0'), at: 3 }, fired('rxjs#0', 1, 3)],
  ],
  'a delivery after the end': [
    /comes after run-failed/,
    [started, failedActivity('a#0'), failed(1), signal],
    { status: 'failed' },
  ],
  'a late failure': [
    /comes after run-failed/,
    [started, failedActivity('a#0'), failed(1), failedActivity('b#0')],
    { status: 'failed' },
  ],
  'a late success of a completed run': [
    /comes after run-completed/,
    [started, completed, completedActivity('a#0')],
    { status: 'completed' },
  ],
  'a saga that is compensated twice': [/compensated once more at 2/, [started, undone, undone]],
  'a run that has completed and is terminated': [
    /run-terminated at 2 comes after/,
    [started, completed, terminated],
    { status: 'terminated' },
  ],
  'a terminated run that waited for its retry, and has two ends': [
    /run-terminated at 3 comes after run-failed/,
    [started, failedActivity('a#0'), failed(1), terminated],
    { status: 'terminated' },
  ],
  'two ends': [/run-cancelled at 2 comes after/, [started, completed, cancelled], { status: 'cancelled' }],
  'two cancellations': [/cancel-requested at 3/, [started, asked, cancelled, asked], { status: 'cancelled' }],
  'a retry of nothing': [/retried at 1 without a failure/, [started, retried(1)]],
  'a retry of a cancelled run': [/comes after run-cancelled/, [started, asked, cancelled, retried(1)]],
  'a delivery to a paused run': [/while it is paused/, [started, paused, signal], { status: 'paused' }],
  'the end of a paused run': [/while it is paused/, [started, paused, completed], { status: 'completed' }],
  'a status without its end': [/it is completed/, [started], { status: 'completed' }],
  'an end without its status': [/it is running after run-completed/, [started, completed]],
  'the status of another end': [/it is cancelled/, [started, completed], { status: 'cancelled' }],
  'a pause without its status': [/journal says paused/, [started, paused]],
  'a status without its pause': [/not paused/, [started], { status: 'paused' }],
  'ways back that the record does not know': [/other ways back/, [started, rewound(0)], { rewinds: [] }],
};

for (const [name, [expected, lines, changes]] of Object.entries(wrong)) {
  test(`${name} is found (scenario 40)`, (t) => {
    t.regex(faultsOf(lines, changes).join('\n'), expected);
  });
}

test('a link before the last one ends with the next one’s beginning', (t) => {
  const events = historyOf([started, { type: 'run-continued', payload: '2' }]);
  const run = recordOf(events, { link: 1 });

  t.deepEqual(checkLink(run, 0, events), []);
  t.regex(checkLink(run, 0, events.slice(0, 1)).join('\n'), /it is continued after started/);
  t.regex(checkLink(run, 1, events).join('\n'), /it is running after run-continued/);
});

test('a hole in the order is found (scenario 40)', (t) => {
  const events = historyOf([started, output]).map((event, index) => ({ ...event, seq: index * 2 }));

  t.regex(checkHistory({ run: recordOf(events), events, signals: [] }).join('\n'), /event 1 has seq 2/);
});

test('a fence that is not above all before it is found (scenario 40)', (t) => {
  t.deepEqual(checkFences([]), []);
  t.deepEqual(checkFences([1, 2, 5]), []);
  t.deepEqual(checkFences([1, 1]), ['fence 1 was given out after 1']);
  t.deepEqual(checkFences([2, 3, 1, 4]), ['fence 1 was given out after 3']);
  t.deepEqual(checkFences([0]), ['fence 0 was given out after 0']);
});
