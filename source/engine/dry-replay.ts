import type { DeterminismError } from '../errors.js';
import type { RunEvent } from '../journal/event.js';
import type { RunRecord } from '../journal/run-record.js';
import type { Command } from '../run/command.js';
import { PipelineExecution } from '../run/execution.js';
import type { ExecutionHost } from '../run/host.js';
import type { WorkflowDefinition } from '../run/workflow.js';
import { defaultMaxPayloadBytes } from '../values/codec.js';

/** What the code makes of a recorded history. */
export interface DryReplay {
  /** How code and journal differ, or which rule of replay the code breaks. */
  readonly error?: DeterminismError;
  /** What the code would go on with: asked for and not recorded, in the order of issue. Empty when they differ or at the run's end. */
  readonly pending: readonly Pick<Command, 'key' | 'issuedAt'>[];
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
    const host: ExecutionHost = {
      now: () => clock,
      // What was taken once is taken again, whatever today's limit is.
      maxPayloadBytes: Math.max(defaultMaxPayloadBytes, ...events.map(sizeOf)),
      events: (_, __, from, limit) => Promise.resolve(events.slice(from, from + limit)),
      mailbox: () => Promise.resolve([]),
      commit: () => Promise.resolve(),
      launch: nothing,
      abort: nothing,
      ready: () => {
        // The journal is exhausted.
        const { pending } = execution;
        execution.stop();
        resolve({ pending });
      },
      idle: nothing,
      arm: nothing,
      blocked: (_, error) => {
        resolve({ error, pending: [] });
      },
      ended: nothing,
    };
    const execution = new PipelineExecution(record, workflow, host);
    execution.start().catch(reject);
  });

const sizeOf = (event: RunEvent): number => ('payload' in event && event.payload ? event.payload.length * 3 : 0);
