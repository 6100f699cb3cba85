import type { WorkerOptions } from '../engine/options.js';
import type { Fault } from './mortal-journal.js';

/** One thing that goes wrong in a performance, or a pair. */
export interface CrashPoint {
  /** In words: `the process dies after append 3`. */
  readonly name: string;
  readonly lives: readonly (readonly Fault[])[];
  readonly worker?: WorkerOptions;
  /** A commit is cut in two. */
  readonly cut?: boolean;
}

const names: Readonly<Record<Fault['fault'], string>> = {
  'dies-before': 'the process dies before',
  'dies-after': 'the process dies after',
  'dies-within': 'the process dies within',
  fails: 'the journal refuses',
  loses: 'the acknowledgement is lost of',
  hangs: 'the journal never answers',
};

const nameOf = (fault: Fault): string => {
  const within = fault.fault === 'dies-within' ? `, after ${fault.events} of its events` : '';
  return `${names[fault.fault]} append ${fault.append}${within}`;
};

/** Every single thing that can go wrong with the appends of a performance, those of the first ones first; then eviction. */
export const singlePoints = (appends: readonly number[]): readonly CrashPoint[] => [
  ...appends.flatMap((events, index) => {
    const append = index + 1;
    const faults: Fault[] = [
      { append, fault: 'dies-before' },
      ...Array.from(
        { length: Math.max(events - 1, 0) },
        (_, cut) => ({ append, fault: 'dies-within', events: cut + 1 }) as const,
      ),
      { append, fault: 'dies-after' },
      { append, fault: 'loses' },
      { append, fault: 'fails' },
    ];
    return faults.map((fault) => ({ name: nameOf(fault), lives: [[fault]], cut: fault.fault === 'dies-within' }));
  }),
  { name: 'the run leaves memory after every turn', lives: [], worker: { evictAfterMs: 0 } },
];

/** Two crashes, the second of them wherever the next life may come to; at most so many, spread evenly. */
export const pairPoints = (appends: number, most: number): readonly CrashPoint[] => {
  const pairs: CrashPoint[] = [];
  const kinds = ['dies-before', 'dies-after'] as const;
  for (let first = 1; first <= appends; first += 1) {
    for (let second = 1; second <= appends - first + 1; second += 1) {
      const [a, b] = [kinds[(first + second) % 2] ?? 'dies-after', kinds[second % 2] ?? 'dies-before'];
      const faults: readonly [Fault, Fault] = [
        { append: first, fault: a },
        { append: second, fault: b },
      ];
      pairs.push({
        name: `${nameOf(faults[0])}, the next one dies ${b.slice('dies-'.length)} its append ${second}`,
        lives: faults.map((fault) => [fault]),
      });
    }
  }
  return spread(pairs, most);
};

/** The golden ratio without its whole part: its multiples, taken modulo 1, lie evenly and in no pattern (a Weyl sequence). */
const golden = (Math.sqrt(5) - 1) / 2;

/** At most so many of them, spread evenly, and not always the same kind of a pattern that comes again. In their order. */
export const spread = <T>(all: readonly T[], most: number): readonly T[] => {
  if (most >= all.length) return all;
  const chosen = new Set<number>();
  for (let step = 0; chosen.size < most; step += 1) chosen.add(Math.floor(((step * golden) % 1) * all.length));
  return all.filter((_, index) => chosen.has(index));
};
