import type { RunEvent } from '../journal/event.js';
import type { RunHistory } from '../journal/history.js';
import { isTerminal } from '../journal/status.js';
import { decodeFailure, messageOf } from '../values/failure.js';
import { effectText } from './outside-world.js';
import type { Performance } from './perform.js';

/** What a run has shown to the outside: its outputs with their times, how it ended, and when. */
const shownOf = ({ run, events }: RunHistory, start: number): readonly string[] => [
  ...events.flatMap((event) => lineOf(event, start)),
  isTerminal(run.status) || run.status === 'blocked' ? `status ${run.status}` : 'status unfinished',
  ...(run.status === 'blocked' && run.detail !== undefined ? [messageOf(decodeFailure(run.detail))] : []),
];

const lineOf = (event: RunEvent, start: number): readonly string[] => {
  const at = event.at - start;
  if (event.type === 'output-emitted') return [`${at}: output ${event.payload}`];
  if (event.type === 'run-completed') return [`${at}: completed`];
  if (event.type === 'run-continued') return [`${at}: continued with ${event.payload}`];
  if (event.type === 'run-cancelled') return [`${at}: cancelled with ${failureText(event.payload)}`];
  if (event.type === 'run-retried') return [`${at}: retried`];
  // Stacks depend on the way that led there.
  return event.type === 'run-failed' ? [`${at}: failed with ${failureText(event.payload)}`] : [];
};

/** An encoded error without its stacks. */
export const failureText = (payload: string): string => payload.replace(/"stack":"(?:[^"\\]|\\.)*",?/g, '');

/**
 * How a performance differs from the one that is right, one line each; nothing if it does not. `cut`: a crash within a commit may
 * start what the rest of that commit would have cancelled, so that more may have been done, but nothing else.
 */
export const differencesOf = (right: Performance, other: Performance, cut = false): readonly string[] => {
  const lines: string[] = [...other.violations];
  for (const history of right.histories) {
    const same = other.histories.find(({ run }) => run.id === history.run.id);
    const expected = shownOf(history, right.start);
    const found = same ? shownOf(same, other.start) : ['it was never started'];
    const length = Math.max(expected.length, found.length);
    for (let i = 0; i < length; i += 1) {
      if (expected[i] === found[i]) continue;
      lines.push(`run ${history.run.id}: expected ${expected[i] ?? 'nothing'}, found ${found[i] ?? 'nothing'}`);
      break;
    }
  }
  const known = new Set(right.histories.map(({ run }) => run.id));
  for (const { run } of other.histories) if (!known.has(run.id)) lines.push(`run ${run.id} was started in excess`);
  const expected = new Set(right.effects.map((effect) => effectText(effect, right.start)));
  const found = new Set(other.effects.map((effect) => effectText(effect, other.start)));
  for (const effect of expected) if (!found.has(effect)) lines.push(`not done: ${effect}`);
  if (!cut) for (const effect of found) if (!expected.has(effect)) lines.push(`done in excess: ${effect}`);
  return lines;
};
