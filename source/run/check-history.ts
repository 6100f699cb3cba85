import { isDeepStrictEqual } from 'node:util';
import { isEnd, type End, type RunEvent } from '../journal/event.js';
import type { RunHistory } from '../journal/history.js';
import type { RunRecord } from '../journal/run-record.js';
import { isTerminal, type TerminalStatus } from '../journal/status.js';
import { isFailure } from './decide.js';
import { cutsOf, isCut, rewindsOf } from './rewinds.js';

/**
 * What is wrong with the journal of a run's present link, nothing if all is well: it is dense, its time never goes back, it begins with its
 * start, batches are whole, timers come when they were due, no command that counts has two ends, nothing is delivered while the run is
 * paused, no saga is compensated twice, each stretch has one end at most, and after an end comes nothing but late successes and going back.
 */
export const checkHistory = ({ run, events }: RunHistory): readonly string[] =>
  checkLink(run, run.link, events, { isExact: true });

/**
 * The same of any of its links. `isExact`: it was executed in virtual time, where everything is recorded at the instant at which it arrives. In
 * real time what arrives while a commit is on its way is recorded after it, together with a timer that has become due since.
 */
export const checkLink = (
  run: RunRecord,
  link: number,
  events: readonly RunEvent[],
  { isExact = false }: { readonly isExact?: boolean } = {},
): readonly string[] =>
  [...faultsInOrder(events), ...faultsInLife(run, link, events), ...faultsOfCommands(events, isExact)].map(
    (fault) => `run ${run.id}: ${fault}`,
  );

/** What is wrong with the fences of workers, in the order in which they came: each is to be above all before it. */
export const checkFences = (fences: readonly number[]): readonly string[] =>
  fences.flatMap((fence, place) => {
    const highest = Math.max(0, ...fences.slice(0, place));
    return fence > highest ? [] : [`fence ${fence} was given out after ${highest}`];
  });

/** Whether places and times are as they should be. */
const faultsInOrder = (events: readonly RunEvent[]): readonly string[] => {
  let clock = 0;
  return events.flatMap((event, index) => {
    const before = events[index - 1];
    // An output has the time of the turn that emitted it, which a paused run takes later than it is recorded.
    const isOutput = event.type === 'output-emitted';
    const goesBack = !isOutput && event.at < clock;
    if (!isOutput) clock = event.at;
    return [
      ...(event.seq === index ? [] : [`event ${index} has seq ${event.seq}`]),
      ...(goesBack ? [`time goes back at ${index}`] : []),
      ...(isOutput && event.at > clock ? [`output ${event.index} comes from the future`] : []),
      ...(event.batch === event.seq || event.batch === before?.batch ? [] : [`event ${index} is of no batch`]),
      ...((event.type === 'started') === (index === 0) ? [] : [`${event.type} at ${index}`]),
    ];
  });
};

const statusOf: Readonly<Record<End['type'], TerminalStatus>> = {
  'run-completed': 'completed',
  'run-failed': 'failed',
  'run-cancelled': 'cancelled',
  'run-terminated': 'terminated',
  'run-continued': 'continued',
};

/** What a paused run does not do. */
const held: ReadonlySet<string> = new Set(['timer-fired', 'signal-received', 'output-emitted', 'saga-compensated']);

/** What may become of a run that waits for its retry. */
const whileItWaits: ReadonlySet<string> = new Set(['run-retried', 'run-paused', 'run-resumed', 'run-forked']);

/** What an end is followed by, until the run goes back. */
const mayFollow = (end: End, event: RunEvent): boolean => {
  if (event.type === 'run-rewound') return end.type === 'run-completed' || end.type === 'run-failed';
  if (end.type !== 'run-failed') return false;
  if (whileItWaits.has(event.type)) return true;
  const isLate = 'key' in event && !held.has(event.type);
  return isLate && event.type !== 'activity-failed' && event.type !== 'child-failed';
};

/** Whether its ends, pauses and ways back follow each other as they may, and its record says where that has led. */
const faultsInLife = (run: RunRecord, link: number, events: readonly RunEvent[]): readonly string[] => {
  const faults: string[] = [];
  let end: (RunEvent & End) | undefined;
  let isPaused = false;
  const compensated = new Set<string>();
  for (const event of events) {
    if (end && !mayFollow(end, event)) faults.push(`${event.type} at ${event.seq} comes after ${end.type}`);
    if (isPaused && (held.has(event.type) || (isEnd(event) && event.type !== 'run-terminated')))
      faults.push(`${event.type} at ${event.seq} comes while it is paused`);
    if (event.type === 'run-retried' && end?.type !== 'run-failed')
      faults.push(`it is retried at ${event.seq} without a failure`);
    if (event.type === 'saga-compensated') {
      if (compensated.has(event.payload)) faults.push(`${event.payload} is compensated once more at ${event.seq}`);
      compensated.add(event.payload);
    }
    if (isEnd(event)) end = event;
    if (event.type === 'run-paused') isPaused = true;
    // A fork goes on by itself, wherever it was taken.
    if (event.type === 'run-resumed' || event.type === 'run-forked' || isEnd(event)) isPaused = false;
    if (event.type === 'run-retried' || event.type === 'run-rewound') {
      // What was let finish after a failure is a place as well: the failure still counts there.
      const keepsEnd = event.type === 'run-rewound' && end !== undefined && end.seq <= event.index;
      [end, isPaused] = [keepsEnd ? end : undefined, false];
      compensated.clear();
    }
  }
  const status = link < run.link ? 'continued' : run.status;
  const ended = end && statusOf[end.type];
  // A run that has failed may wait for its retry.
  const fits = isTerminal(status) ? status === ended : ended === undefined || ended === 'failed';
  if (!fits) faults.push(`it is ${status} after ${events.at(-1)?.type}`);
  if (isPaused !== (status === 'paused'))
    faults.push(`it is ${status}, its journal says ${isPaused ? '' : 'not '}paused`);
  if (link === run.link && !isDeepStrictEqual(placesOf(run.rewinds ?? []), placesOf(rewindsOf(events))))
    faults.push('its record has other ways back than its journal');
  return faults;
};

const placesOf = (rewinds: RunRecord['rewinds'] = []): readonly unknown[] =>
  rewinds.map(({ seq, from, keepsSuccesses, at }) => [seq, from, keepsSuccesses, at]);

const commandEnds: ReadonlySet<string> = new Set([
  'activity-completed',
  'activity-failed',
  'side-effect-recorded',
  'timer-fired',
  'transaction-committed',
  'transaction-failed',
  'child-completed',
  'child-failed',
]);

/** Whether each command, told by its key and epoch, comes to one end that counts, and timers come when they were due. */
const faultsOfCommands = (events: readonly RunEvent[], isExact: boolean): readonly string[] => {
  const faults: string[] = [];
  let ends = new Map<string, RunEvent>();
  let rewinds = 0;
  const cuts = cutsOf(rewindsOf(events));
  const counted = events.filter(({ seq, type }) => !isCut(cuts, seq) || isGoingBack(type));
  for (const event of events) {
    if (isGoingBack(event.type)) {
      rewinds += 1;
      ends = new Map([...ends].filter(([, ended]) => staysEnded(ended, event)));
    }
    if (event.epoch > rewinds) faults.push(`event ${event.seq} is of epoch ${event.epoch}, which has not begun`);
    if (!('key' in event)) continue;
    const command = `${event.key} of epoch ${event.epoch}`;
    // A wait that was cancelled gives its signal back; a child is closed by whoever leaves it, also in the batch of its end.
    if (event.type !== 'signal-received' && event.type !== 'child-closed' && ends.has(command))
      faults.push(`${event.type} of ${command} comes after its end`);
    if (commandEnds.has(event.type)) ends.set(command, event);
    if (event.type === 'timer-fired' && isOvertaken(counted, event, isExact ? [] : events))
      faults.push(`${event.key} was due at ${event.index}, and fired at ${event.at}, after what came later`);
  }
  return faults;
};

const isGoingBack = (type: RunEvent['type']): boolean => type === 'run-retried' || type === 'run-rewound';

/** Clean-up is done again by whoever comes to it again. */
const isCleanUp = (event: RunEvent): boolean => 'key' in event && /^(finalizer|compensation):/.test(event.key);

/** Whether the end of a command still counts when the run has gone back. */
export const staysEnded = (ended: RunEvent, back: RunEvent): boolean => {
  if (back.type === 'run-rewound') return ended.seq <= back.index;
  if (back.type !== 'run-retried' || ended.seq < back.index) return true;
  // The run's own timeout has its whole time once more, also where it was the last in a batch that had ended the run.
  const isTimeout = ended.type === 'timer-fired' && ended.key.startsWith('timer:workflow timeout#');
  return !isFailure(ended) && !isCleanUp(ended) && !isTimeout;
};

/**
 * Whether something that came later was delivered before a timer. Others than the run itself may have moved its clock on: a letter that
 * was written before the timer was due, and is delivered now, or somebody who asked for something. `late`: events that may have been recorded late.
 */
const isOvertaken = (counted: readonly RunEvent[], timer: TimerEvent, late: readonly RunEvent[]): boolean => {
  // `sleepUntil` may ask for an instant that has passed.
  if (timer.at <= timer.index || !timer.key.startsWith('timer:')) return false;
  const place = counted.findIndex((event) => event.at > timer.index);
  const first = counted[place];
  if (!first || first === timer) return false;
  const isOfOthers = !('key' in first) || first.type === 'signal-received' || first.type.startsWith('child-');
  if (isOfOthers || isBeforeOverdue(late, first)) return false;
  return !isHeld(counted.slice(0, place));
};

type TimerEvent = RunEvent & { readonly type: 'timer-fired' };

/** Whether an overdue timer has closed its batch: it had arrived before that was due, and others that are overdue come behind. */
const isBeforeOverdue = (events: readonly RunEvent[], { batch, at }: RunEvent): boolean =>
  events.some((event) => event.batch === batch && event.type === 'timer-fired' && event.index < at);

/** Whether nothing is delivered at the end of these events: what is in flight is recorded all the same. */
const isHeld = (events: readonly RunEvent[]): boolean => {
  const last = events.findLast(
    ({ type }) => type === 'run-paused' || type === 'run-resumed' || type === 'run-failed' || isGoingBack(type),
  );
  return last?.type === 'run-paused' || last?.type === 'run-failed';
};
