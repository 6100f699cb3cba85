import { isEnd, type RunEvent } from '../journal/event.js';
import type { RunHistory } from '../journal/history.js';
import { isTerminal } from '../journal/status.js';

/**
 * What is wrong with the journal of a run's link, nothing if all is well: it is dense, its time never goes back, batches are whole, it
 * begins with its start; it has one end at most, and nothing behind that but late successes, until the run goes back; timers come
 * when they were due, no command has two ends that count, and no saga is compensated twice.
 */
export const checkHistory = ({ run, events }: RunHistory): readonly string[] => {
  const faults: string[] = [];
  const fault = (what: string): void => {
    faults.push(`run ${run.id}: ${what}`);
  };
  /** The ends of commands that count, and whether they are failures, by key and epoch. */
  const ended = new Map<string, boolean>();
  /** The sagas that have begun to undo their steps. */
  const compensated = new Set<string>();
  let end: RunEvent | undefined;
  let clock = 0;
  events.forEach((event, index) => {
    const before = events[index - 1];
    if (event.seq !== index) fault(`event ${index} has seq ${event.seq}`);
    // An output has the time of the turn that emitted it, which a paused run takes later than it is recorded.
    if (event.type !== 'output-emitted') {
      if (event.at < clock) fault(`time goes back at ${index}`);
      clock = event.at;
    } else if (event.at > clock) fault(`output ${event.index} comes from the future`);
    if (event.batch !== event.seq && event.batch !== before?.batch) fault(`event ${index} is of no batch`);
    if (event.type === 'run-retried' || event.type === 'run-rewound') {
      end = undefined;
      compensated.clear();
      for (const [key, isFailure] of ended) if (isFailure || event.type === 'run-rewound') ended.delete(key);
    } else if (end && !isLate(event)) fault(`${event.type} at ${index} comes after ${end.type}`);
    if (isEnd(event)) end = event;
    if (event.type === 'saga-compensated') {
      if (compensated.has(event.payload)) fault(`${event.payload} is compensated once more at ${index}`);
      compensated.add(event.payload);
    }
    if (event.type === 'timer-fired' && isOvertaken(events, event)) {
      fault(`${event.key} was due at ${event.index}, and fired at ${event.at}, after what came later`);
    }
    if (!('key' in event)) return;
    const key = `${event.epoch} ${event.key}`;
    // A wait that was cancelled gives its signal back, whose next record may have the same key.
    if (event.type !== 'signal-received' && event.type !== 'child-closed' && ended.has(key))
      fault(`${event.type} of ${event.key} comes after its end`);
    if (lastOnes.has(event.type)) ended.set(key, event.type.endsWith('-failed'));
  });
  if (events[0]?.type !== 'started') fault('it does not begin with its start');
  if (isTerminal(run.status) && !end) fault(`it is ${run.status} without an end`);
  // A run that waits for its retry has failed, and is not at its end.
  if (end && end.type !== 'run-failed' && !isTerminal(run.status)) fault(`it is ${run.status} after ${end.type}`);
  return faults;
};

const lastOnes: ReadonlySet<RunEvent['type']> = new Set<RunEvent['type']>([
  'activity-completed',
  'activity-failed',
  'side-effect-recorded',
  'transaction-committed',
  'transaction-failed',
  'version-chosen',
  'child-completed',
  'child-failed',
]);

/** What may come after the end of a run: what it left in flight, and requests. */
const isLate = (event: RunEvent): boolean =>
  ('key' in event && event.type !== 'timer-fired' && event.type !== 'signal-received') ||
  event.type === 'run-paused' ||
  event.type === 'run-resumed';

/**
 * Whether something that came later was delivered before a timer. Only a signal may have moved the run's clock on: one that was published
 * before the timer was due, and is delivered now; or the run did not look at its timers: it was paused, or has gone back.
 */
const isOvertaken = (events: readonly RunEvent[], timer: RunEvent & { readonly type: 'timer-fired' }): boolean => {
  // `sleepUntil` may ask for an instant that has passed.
  if (timer.at <= timer.index || !timer.key.startsWith('timer:')) return false;
  const earlier = events.slice(0, timer.seq);
  if (earlier.some(({ type }) => type === 'run-paused' || type === 'run-retried' || type === 'run-rewound'))
    return false;
  const first = events.find((event) => event.at > timer.index);
  return first !== undefined && first !== timer && first.type !== 'signal-received';
};
