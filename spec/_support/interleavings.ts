import fc from 'fast-check';
import type { Change, Journal } from '../../source/journal/journal.js';

/**
 * What may happen while somebody watches: a new state is written, it is heard of, a reading takes place, and it is answered. One state at
 * most is written and not heard of, for who writes waits.
 */
type Step = 'write' | 'announce' | 'read' | 'answer';

/** A journal with one thing in it, of which nobody but its number tells how old it is. */
export interface Watched {
  readonly subscribe: Journal['subscribe'];
  /** Reads its number. */
  readonly read: () => Promise<number>;
}

interface Reading {
  readonly answer: (state: number) => void;
  state?: number;
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Plays steps that were made up in the order in which they were, as far as they can be, then whatever is missing. Answers with what was
 * shown of states 0, 1, 2, …, and with the last that there was.
 */
const play = async (
  steps: readonly Step[],
  changeOf: (state: number) => Change,
  watch: (watched: Watched, show: (state: number) => void) => () => void,
): Promise<{ readonly shown: readonly number[]; readonly last: number }> => {
  const listeners = new Set<(changes: readonly Change[]) => void>();
  const readings: Reading[] = [];
  const shown: number[] = [];
  let last = 0;
  let heard = 0;
  const subscribe: Watched['subscribe'] = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const read = (): Promise<number> => new Promise((answer) => readings.push({ answer }));
  const acts: Readonly<Record<Step, () => void>> = {
    write: () => {
      if (heard === last) last += 1;
    },
    announce: () => {
      if (heard === last) return;
      heard = last;
      for (const listener of [...listeners]) listener([changeOf(last)]);
    },
    read: () => {
      const reading = readings.find(({ state }) => state === undefined);
      if (reading) reading.state = last;
    },
    answer: () => {
      const [first] = readings;
      if (first?.state === undefined) return;
      readings.shift();
      first.answer(first.state);
    },
  };

  const stop = watch({ subscribe, read }, (state) => shown.push(state));
  for (const step of steps) {
    acts[step]();
    await soon();
  }
  await soon();
  while (heard < last || readings.length > 0) {
    for (const step of ['read', 'answer', 'announce'] as const) acts[step]();
    await soon();
  }
  stop();
  return { shown, last };
};

/**
 * Whatever comes while something is read: it is shown from a state on that was there when somebody came or later, each state once, none
 * is left out, and the last one is the last.
 */
export const interleavingsOf = async (...[changeOf, watch]: SkipFirst<Parameters<typeof play>>): Promise<void> => {
  const step = fc.constantFrom<Step>('write', 'announce', 'read', 'answer');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { shown, last } = await play(steps, changeOf, watch);
      const [first = -1] = shown;
      const expected = Array.from({ length: last - first + 1 }, (_, place) => first + place);
      if (first >= 0 && shown.join() === expected.join()) return;
      throw new Error(`shown were ${shown.join()} of 0 to ${last}`);
    }),
    { numRuns: 300 },
  );
};

type SkipFirst<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never;
