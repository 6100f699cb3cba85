import { ValueError } from '../errors.js';
import type { RunEvent } from '../journal/event.js';
import { failureText } from './shown.js';
import { drawMarbles, parseMarbles } from './marble-text.js';

/** One thing that happened in a run: in which row it is drawn, when, and what it was. */
export interface Happening {
  readonly row: string;
  /** ms from the start of the run. */
  readonly frame: number;
  readonly text: string;
}

/** What a history tells, event by event. Bookkeeping that says nothing to a reader is left out. */
export const happeningsOf = (events: readonly RunEvent[]): readonly Happening[] => {
  const start = events[0]?.at ?? 0;
  return events.flatMap((event) => {
    const text = textOf(event);
    return text === undefined ? [] : [{ row: rowOf(event), frame: event.at - start, text }];
  });
};

const rowOf = (event: RunEvent): string => {
  if ('key' in event) return event.key.slice(0, event.key.lastIndexOf('#'));
  return event.type === 'started' ? 'input' : 'output';
};

const completed = 'completed';

const textOf = (event: RunEvent): string | undefined => {
  switch (event.type) {
    case 'started':
    case 'activity-emitted':
    case 'child-emitted':
    case 'side-effect-recorded':
    case 'transaction-committed':
    case 'signal-received':
    case 'output-emitted':
      return event.payload;
    case 'activity-completed':
      return event.payload ?? 'ended';
    case 'child-completed':
      return 'ended';
    case 'activity-failed':
    case 'child-failed':
    case 'transaction-failed':
    case 'run-failed':
      return `failed with ${failureText(event.payload)}`;
    case 'activity-attempt-failed':
      return `attempt ${event.index} failed`;
    case 'timer-fired':
      return 'fired';
    case 'version-chosen':
      return `version ${event.index}`;
    case 'child-started':
    case 'child-replayed':
    case 'child-closed':
      return event.type.slice('child-'.length);
    case 'run-completed':
      return completed;
    case 'run-continued':
      return `continued with ${event.payload}`;
    case 'run-cancelled':
    case 'run-terminated':
    case 'run-paused':
    case 'run-resumed':
      return event.type.slice('run-'.length);
    case 'cancel-requested':
      return 'cancel requested';
    case 'saga-compensated':
      return `compensates ${event.payload}`;
    case 'run-retried':
      return `retried from ${event.index}`;
    case 'run-rewound':
      return `rewound to ${event.index}`;
    case 'run-forked':
      return `forked from ${event.payload}`;
    case 'activity-intended':
    case 'activity-heartbeat':
      return undefined;
  }
};

/** Letters first; then whatever else is one character and no mark of the diagrams. */
const letters = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');
const firstFurther = 0x100;
const letterAt = (index: number): string =>
  letters[index] ?? String.fromCodePoint(firstFurther + index - letters.length);

/**
 * A history as a marble diagram, in the syntax of RxJS's `TestScheduler`, one frame a millisecond: a row for each activity, signal, timer
 * and side effect by name, one for the outputs, then what the letters stand for. The text can be used as an expectation.
 *
 * ```
 * input            a
 * activity:charge  -- 2s b
 * output           -- 2s (b|)
 * where
 *   a = {"total":12}
 *   b = "ch_1"
 * ```
 */
export const historyMarbles = (events: readonly RunEvent[]): string => {
  const symbols = new Map<string, string>();
  const symbolOf = (text: string): string => {
    if (text === completed) return '|';
    const symbol = symbols.get(text) ?? letterAt(symbols.size);
    symbols.set(text, symbol);
    return symbol;
  };
  const rows = new Map<string, { frame: number; symbol: string }[]>();
  for (const { row, frame, text } of happeningsOf(events)) {
    const marks = rows.get(row) ?? [];
    marks.push({ frame, symbol: symbolOf(text) });
    rows.set(row, marks);
  }
  const width = Math.max(...[...rows.keys()].map((row) => row.length)) + 2;
  return [
    ...[...rows].flatMap(([row, marks]) => drawMarbles(marks).map((text) => `${row.padEnd(width)}${text}`)),
    ...(symbols.size > 0 ? ['where'] : []),
    ...[...symbols].map(([text, symbol]) => `  ${symbol} = ${text}`),
  ].join('\n');
};

/** Reads what `historyMarbles` draws, or what somebody has written like it. Error: `INVALID_ARGUMENT`, with the line. */
export const parseHistoryMarbles = (text: string): readonly Happening[] => {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const where = lines.findIndex((line) => line.trim() === 'where');
  const values: Record<string, string> = {};
  for (const line of where < 0 ? [] : lines.slice(where + 1)) {
    const [, symbol, value] = /^\s*(\S+) = (.*)$/u.exec(line) ?? [];
    if (symbol === undefined || value === undefined)
      throw unreadable(line, 'below `where` each line is `letter = value`');
    values[symbol] = value.trimEnd();
  }
  return (where < 0 ? lines : lines.slice(0, where)).flatMap((line) => {
    const [, row, marbles] = /^\s*(\S+)\s+(.*)$/u.exec(line) ?? [];
    if (row === undefined || marbles === undefined) throw unreadable(line, 'each row is a name and its marbles');
    return parseMarbles(marbles, values).map(({ frame, kind, value }) => ({
      row,
      frame,
      text: kind === 'C' ? completed : String(value),
    }));
  });
};

const unreadable = (line: string, expected: string): ValueError =>
  new ValueError('INVALID_ARGUMENT', `this line of the marbles cannot be read: ${JSON.stringify(line)}; ${expected}`);

/** In the order of time, and at one time by row: an expectation says no more than a diagram can. */
export const sortHappenings = (happenings: readonly Happening[]): readonly Happening[] =>
  [...happenings].sort((a, b) => a.frame - b.frame || (a.row < b.row ? -1 : a.row > b.row ? 1 : 0));
