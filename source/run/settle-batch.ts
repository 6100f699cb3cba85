import type { Cancellations } from './cancellations.js';
import type { Command } from './command.js';
import type { Commands } from './commands.js';
import type { Execution, ExecutionHost } from './host.js';

/**
 * A whole batch is delivered: what it cancelled is aborted, what it issued and did not cancel starts now, exactly as at the
 * end of a replay. Answers whether anything did. Foreign code runs here, and so never in a callback that goes on to begin somebody's turn.
 */
export const settleBatch = (
  execution: Execution,
  host: ExecutionHost,
  { commands, cancellations, over }: { commands: Commands; cancellations: Cancellations; over: boolean },
): boolean => {
  commands.cancelled.clear();
  for (const command of cancellations.takeLaunched()) host.abort(execution, command);
  if (over) return false;
  const issued = commands.takeIssued();
  for (const command of issued) launch(execution, host, command);
  return issued.length > 0;
};

const launch = (execution: Execution, host: ExecutionHost, command: Command): void => {
  const { spec } = command;
  if (spec.kind !== 'activity' && spec.kind !== 'sideEffect') return;
  const now = (): void => {
    command.launched = true;
    host.launch(execution, command);
  };
  if (spec.kind === 'sideEffect' || !spec.task.options.intent || command.intended) {
    now();
    return;
  }
  execution.note(command, { type: 'activity-intended' }, () => {
    command.intended = true;
    now();
  });
};
