import type { DeterminismError } from '../errors.js';
import type { RunEvent } from '../journal/event.js';
import type { RunRecord } from '../journal/run-record.js';
import type { Command } from '../run/command.js';
import { PipelineExecution } from '../run/execution.js';
import type { ExecutionHost } from '../run/host.js';
import { rewindsOf } from '../run/rewinds.js';
import { nameOfStepKey } from '../run/step-key.js';
import type { WorkflowDefinition } from '../run/workflow.js';
import { defaultMaxPayloadBytes } from '../values/codec.js';

/** What the code makes of a recorded history. */
export interface DryReplay {
  /** How code and journal differ, or which rule of replay the code breaks. */
  readonly error?: DeterminismError;
  /** What the code would go on with: asked for and not recorded, in the order of issue. Empty when they differ or at the run's end. */
  readonly pending: readonly Pick<Command, 'key' | 'epoch' | 'issuedAt'>[];
}

/**
 * Replays recorded events against today's code: recorded results are delivered, nothing is executed and nothing is written. A
 * run that has ended must come to the same outputs and the same end.
 */
export const dryReplay = (
  record: RunRecord,
  workflow: WorkflowDefinition<unknown, unknown>,
  events: readonly RunEvent[],
): Promise<DryReplay> =>
  new Promise((resolve, reject) => {
    const clock = events.at(-1)?.at ?? record.createdAt;
    const nothing = (): void => undefined;
    /** Between two turns: who awaits the answer would else go on within one, in the time of a run. */
    const answer = (replay: DryReplay): void => {
      setImmediate(resolve, replay);
    };
    const host: ExecutionHost = {
      now: () => clock,
      // What was taken once is taken again, whatever today's limit is.
      maxPayloadBytes: events.reduce((most, event) => Math.max(most, sizeOf(event)), defaultMaxPayloadBytes),
      journal: {
        events: (_, __, from, limit) => Promise.resolve(events.slice(from, from + limit)),
        inbox: () => Promise.resolve({ signals: [], letters: [] }),
      },
      commit: ({ events: asked }) => Promise.resolve(asked),
      launch: nothing,
      abort: nothing,
      soften: nothing,
      newest: (_, atHand) => atHand,
      random: () => 0,
      started: nothing,
      restart: nothing,
      ready: () => {
        // The journal is exhausted.
        const { pending } = execution;
        execution.stop();
        answer({ pending });
      },
      idle: nothing,
      arm: nothing,
      blocked: (_, error) => {
        answer({ error, pending: [] });
      },
      ended: nothing,
      continued: nothing,
    };
    // A fork knows the choices of the whole commit that it was taken from, of which it may have a part.
    const versions = { ...record.versions, ...versionsIn(events) };
    const told = { ...record, versions, rewinds: rewindsOf(events) };
    const execution = new PipelineExecution(told, workflow, host);
    execution.start(reject).catch(reject);
  });

/** The versions that a history has chosen. */
const versionsIn = (events: readonly RunEvent[]): Record<string, number> =>
  Object.fromEntries(
    events.flatMap((event) => (event.type === 'version-chosen' ? [[nameOfStepKey(event.key), event.index]] : [])),
  );

const sizeOf = (event: RunEvent): number => ('payload' in event && event.payload ? event.payload.length * 3 : 0);
