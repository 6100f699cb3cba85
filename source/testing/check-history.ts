import type { RunEvent } from '../journal/event.js';
import type { RunHistory } from '../journal/history.js';
import { isTerminal } from '../journal/status.js';

const isEnd = ({ type }: RunEvent): boolean => type === 'run-completed' || type === 'run-failed';

/**
 * What is wrong with a run's journal, nothing if all is well: it is dense, its time never goes back, it begins with its start and
 * ends with its only end, batches are whole, timers come when they were due, and no command has two ends.
 */
export const checkHistory = ({ run, events }: RunHistory): readonly string[] => {
  const faults: string[] = [];
  const fault = (what: string): void => {
    faults.push(`run ${run.id}: ${what}`);
  };
  const ended = new Set<string>();
  events.forEach((event, index) => {
    const before = events[index - 1];
    if (event.seq !== index) fault(`event ${index} has seq ${event.seq}`);
    if (event.at < (before?.at ?? 0)) fault(`time goes back at ${index}`);
    if (event.batch !== event.seq && event.batch !== before?.batch) fault(`event ${index} is of no batch`);
    if (isEnd(event) && index < events.length - 1) fault(`${event.type} at ${index} is not the last event`);
    if (event.type === 'timer-fired' && isOvertaken(events, event)) {
      fault(`${event.key} was due at ${event.index}, and fired at ${event.at}, after what came later`);
    }
    if (!('key' in event)) return;
    if (event.type !== 'signal-received' && ended.has(event.key))
      fault(`${event.type} of ${event.key} comes after its end`);
    if (
      event.type === 'activity-completed' ||
      event.type === 'activity-failed' ||
      event.type === 'side-effect-recorded'
    ) {
      ended.add(event.key);
    }
  });
  if (events[0]?.type !== 'started') fault('it does not begin with its start');
  const last = events.at(-1);
  if (isTerminal(run.status) !== (last !== undefined && isEnd(last))) fault(`it is ${run.status} after ${last?.type}`);
  return faults;
};

/**
 * Whether something that came later was delivered before a timer. Only a signal may have moved the run's clock on: one that was published
 * before the timer was due, and is delivered now.
 */
const isOvertaken = (events: readonly RunEvent[], timer: RunEvent & { readonly type: 'timer-fired' }): boolean => {
  // `sleepUntil` may ask for an instant that has passed.
  if (timer.at <= timer.index || !timer.key.startsWith('timer:')) return false;
  const first = events.find((event) => event.at > timer.index);
  return first !== undefined && first !== timer && first.type !== 'signal-received';
};
