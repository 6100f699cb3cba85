import type { Observer } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';

/** One notification of a marble diagram, at a frame: ms from the beginning. */
export interface MarbleMessage {
  readonly frame: number;
  readonly kind: 'N' | 'E' | 'C';
  readonly value?: unknown;
}

/** Reads a marble diagram as `TestScheduler.run` does, one frame a millisecond, time progression (`9ms`, `3s`, `2m`) included. */
export const parseMarbles = (
  marbles: string,
  values?: Readonly<Record<string, unknown>>,
  error?: unknown,
): readonly MarbleMessage[] => {
  const scheduler = new TestScheduler(() => undefined);
  const { messages } = scheduler.run(({ hot }) => hot<unknown>(marbles, values, error));
  return messages.map(({ frame, notification }) => {
    if (notification.kind === 'C') return { frame, kind: 'C' };
    const value: unknown = notification.kind === 'N' ? notification.value : notification.error;
    return { frame, kind: notification.kind, value };
  });
};

/** Hands a message to a subscriber. */
export const tell = <V>(subscriber: Observer<V>, { kind, value }: MarbleMessage): void => {
  // The values are the test's own, given with the marbles.
  if (kind === 'N') subscriber.next(value as V);
  else if (kind === 'E') subscriber.error(value);
  else subscriber.complete();
};

/** Frames that are drawn one by one; longer gaps are told as a time. */
const drawnFrames = 12;

const gap = (frames: number): string => {
  if (frames <= drawnFrames) return '-'.repeat(frames);
  if (frames % 60_000 === 0) return ` ${frames / 60_000}m `;
  return frames % 1000 === 0 ? ` ${frames / 1000}s ` : ` ${frames}ms `;
};

/**
 * Draws symbols at their frames. In a diagram a group takes as many frames as it has characters, so that what comes sooner after it is
 * drawn in another row: rows are to be read together.
 */
export const drawMarbles = (
  symbols: readonly { readonly frame: number; readonly symbol: string }[],
): readonly string[] => {
  const rows: { text: string; end: number }[] = [];
  const frames = new Map<number, string>();
  for (const { frame, symbol } of symbols) frames.set(frame, (frames.get(frame) ?? '') + symbol);
  for (const [frame, group] of [...frames].sort(([a], [b]) => a - b)) {
    const text = lengthOf(group) > 1 ? `(${group})` : group;
    let row = rows.find(({ end }) => end <= frame);
    if (!row) {
      row = { text: '', end: 0 };
      rows.push(row);
    }
    row.text += gap(frame - row.end) + text;
    row.end = frame + lengthOf(text);
  }
  return rows.map(({ text }) => text.trim());
};

/** Characters as the parser of the diagrams counts them: code points. */
const lengthOf = (text: string): number => Array.from(text).length;
