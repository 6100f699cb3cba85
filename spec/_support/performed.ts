import type { Observable } from 'rxjs';
import { dryReplay } from '../../source/engine/dry-replay.js';
import { defaultCodec, workflow, type RunEvent, type RunStatus } from '../../source/index.js';
import { crashScene } from '../../source/testing/crash-everywhere.js';
import type { RunRecord } from '../../source/journal/run-record.js';
import { perform, type PerformOptions } from '../../source/testing/perform.js';
import type { Effect } from '../../source/testing/outside-world.js';
import type { World } from '../../source/testing/index.js';

export type Body = (input$: Observable<number>) => Observable<unknown>;

/** What came of a pipeline. */
export interface Performed {
  readonly run: RunRecord;
  readonly outputs: readonly unknown[];
  readonly status: RunStatus;
  /** What it failed with. */
  readonly error: unknown;
  readonly events: readonly RunEvent[];
  readonly effects: readonly Effect[];
}

const sceneOf = (body: Body, world: World) => ({
  runs: [{ id: 'run', workflow: workflow('play', body), input: 3 }],
  world,
});

/** Performs a pipeline, on the input 3 and in virtual time, to its end or until nothing happens any more. */
export const performed = async (body: Body, world: World = {}, options: PerformOptions = {}): Promise<Performed> => {
  const { histories, effects, violations } = await perform(sceneOf(body, world), options);
  const [history] = histories;
  if (!history || violations.length > 0) throw new Error(violations.join('\n') || 'there is no history');
  const { run, events } = history;
  const failed = events.findLast((event) => event.type === 'run-failed');
  return {
    run,
    outputs: events.flatMap((event) => (event.type === 'output-emitted' ? [defaultCodec.decode(event.payload)] : [])),
    status: run.status,
    error: failed && defaultCodec.decode(failed.payload),
    events,
    effects,
  };
};

/** Crashes it at every append, and in every other way: answers how often. */
export const crashed = async (body: Body, world: World = {}): Promise<number> => {
  const { points } = await crashScene(sceneOf(body, world), { pairs: 20 });
  return points;
};

/** How its replay differs from what was recorded, if it does. */
export const replayError = async (body: Body, { run, events }: Performed): Promise<string | undefined> =>
  (await dryReplay(run, workflow('play', body), events)).error?.message;

/** The types of what was recorded, without what belongs to every run. */
export const recorded = ({ events }: Performed): readonly string[] =>
  events.slice(1).flatMap((event) => ('key' in event ? [`${event.type} ${event.key}`] : []));
