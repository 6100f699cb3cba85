import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TempoliteError } from '../errors.js';
import { readHistory, writeHistory } from '../journal/history.js';
import type { WorkflowDefinition } from '../run/workflow.js';
import { digest } from '../values/digest.js';
import { pairPoints, singlePoints, spread, type CrashPoint } from './crash-points.js';
import { historyMarbles } from './history-marbles.js';
import type { Effect } from './outside-world.js';
import { perform, type Performance } from './perform.js';
import type { Scene, World } from './scene.js';
import { differencesOf } from './shown.js';

export interface CrashOptions {
  /** Single crashes that are tried, spread evenly over all of them. Default: all. */
  readonly singles?: number;
  /** Pairs of crashes that are tried, spread evenly over all of them. Default: 100. */
  readonly pairs?: number;
  /** Where the history of a failure is written. Default: the folder for temporary files. */
  readonly fixtures?: string;
}

export interface CrashReport {
  /** How often the workflow was played with something going wrong. */
  readonly points: number;
  /** The history of the run as marbles. */
  readonly marbles: string;
  /** What was done to the outside world. */
  readonly effects: readonly Effect[];
}

/** A crash changed what a workflow does. */
export class CrashError extends TempoliteError {
  /** What went wrong with the process: the earliest crash that shows it. */
  readonly point: string;
  /** The history that was stored when it died, as JSON lines: `replayHistories` reads it. */
  readonly fixture: string;

  constructor(point: string, fixture: string, message: string) {
    super('CRASH_DIFFERS', message);
    this.point = point;
    this.fixture = fixture;
  }
}

/** Differences that are told; the first ones say most. */
const toldDifferences = 10;

/**
 * Plays a workflow once, in memory and in virtual time; then again with a crash before and after each append to the journal, within
 * each commit, with each append refused, with each acknowledgement lost, leaving memory after each turn, and with pairs of
 * crashes. Each time the outputs, the clock times and what was done to the outside world must be the same.
 *
 * Errors: `CRASH_DIFFERS` (a `CrashError`) with the earliest crash that changes something, the history that shows it as marbles, and a
 * fixture file.
 *
 * @example
 * await crashEverywhere(processOrder, order, {
 *   activities: { charge: takes('2 seconds', () => 'ch_1') },
 *   signals: [signalAt('2 days', approval, true)],
 * });
 */
export const crashEverywhere = <I, O>(
  workflow: WorkflowDefinition<I, O>,
  input: I,
  world: World = {},
  options: CrashOptions = {},
): Promise<CrashReport> => crashScene({ runs: [{ id: workflow.name, workflow, input }], world }, options);

/** The same with several runs at once. */
export const crashScene = async (scene: Scene, options: CrashOptions = {}): Promise<CrashReport> => {
  const right = await perform(scene);
  const nothing = { name: 'nothing at all', lives: [] };
  // What breaks a law without any crash, or does something else each time, need not be crashed.
  await compare(scene, right, nothing, options);
  let points = 0;
  const singles = spread(singlePoints(right.appends), options.singles ?? Infinity);
  for (const point of [...singles, ...pairPoints(right.appends.length, options.pairs ?? 100)]) {
    await compare(scene, right, point, options);
    points += 1;
  }
  return { points, marbles: marblesOf(right), effects: right.effects };
};

const compare = async (scene: Scene, right: Performance, point: CrashPoint, options: CrashOptions): Promise<void> => {
  const other = await perform(scene, point);
  const differences = differencesOf(right, other, point.cut);
  if (differences.length === 0) return;
  const stored = await storedAtDeath(scene, point);
  const fixture = join(options.fixtures ?? tmpdir(), `tempolite-${digest(stored + point.name)}.jsonl`);
  writeFileSync(fixture, stored);
  const more = differences.length - toldDifferences;
  throw new CrashError(
    point.name,
    fixture,
    [
      `When ${point.name}, the workflow does not do what it does without that:`,
      ...differences.slice(0, toldDifferences).map((line) => `  ${line}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
      'Expected:',
      marblesOf(right),
      'Found:',
      marblesOf(other),
      `The history that was stored when the process died is in ${fixture}`,
    ].join('\n'),
  );
};

/** The histories at the last death, or at the end where nobody died. */
const storedAtDeath = async (scene: Scene, point: CrashPoint): Promise<string> => {
  let stored: string | undefined;
  const { histories } = await perform(scene, {
    ...point,
    onDeath: async (journal) => {
      const runs = await journal.runs({}, { limit: scene.runs.length });
      const read = await Promise.all(runs.map((run) => readHistory(journal, run)));
      stored ??= read.map(writeHistory).join('');
    },
  });
  return point.lives.length > 0 && stored ? stored : histories.map(writeHistory).join('');
};

const marblesOf = ({ histories }: Performance): string =>
  histories.map(({ events }) => historyMarbles(events)).join('\n');
