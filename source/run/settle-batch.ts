import { isActivity, type Command } from './command.js';
import type { Launches } from './commands.js';
import type { Children } from './children.js';
import type { Execution, ExecutionHost } from './host.js';
import type { LiveContext } from './live-context.js';
import type { NextCommit } from './next-commit.js';

export interface Batch {
  readonly run: LiveContext;
  readonly children: Children;
  readonly next: Pick<NextCommit, 'add'>;
}

/**
 * A whole batch is delivered: what it cancelled is aborted, what it issued and did not cancel starts now, exactly as at the
 * end of a replay. Answers whether anything did. Foreign code runs here, and so never in a callback that goes on to begin somebody's turn.
 */
export const settleBatch = (execution: Execution, host: ExecutionHost, batch: Batch, launches: Launches): boolean => {
  const { children, run } = batch;
  const { commands, cancellations } = run;
  if (commands.cancelled.size > 0) commands.cancelled.clear();
  for (const command of cancellations.takeLaunched()) {
    if (command.spec.kind === 'child') children.cancelled(command);
    else host.abort(execution, command);
  }
  for (const command of cancellations.takeSoftened()) host.soften(execution, command);
  const issued = commands.takeIssued(launches);
  for (const command of issued) launch(execution, host, batch, command);
  return issued.length > 0;
};

/** The run has failed for good: what is in flight is told so, and its success counts all the same. */
export const softenAll = (execution: Execution, host: ExecutionHost, { commands }: LiveContext): void => {
  for (const command of commands.pending.values()) {
    if (command.launched && !command.scope.cleanUp) host.soften(execution, command);
  }
};

const launch = (execution: Execution, host: ExecutionHost, batch: Batch, command: Command): void => {
  const { spec } = command;
  const { run } = batch;
  switch (spec.kind) {
    case 'signal':
    case 'timer':
    case 'sleep':
      return;
    case 'child':
      startChild(host, batch, command, spec);
      return;
    case 'transaction':
      run.ready.arriveTransaction(command, spec.transaction, host.now());
      return;
    case 'version': {
      const version = run.versions.choose(spec.name, spec.newest);
      run.ready.arriveFirst(command, { type: 'version-chosen', index: version });
      return;
    }
    default: {
      const now = (): void => {
        command.launched = true;
        host.launch(execution, command);
      };
      if (!isActivity(spec) || !spec.task.options.intent || command.intended) {
        now();
        return;
      }
      execution.note(command, { type: 'activity-intended' }, () => {
        command.intended = true;
        if (execution.launches) now();
      });
    }
  }
};

const startChild = (
  host: ExecutionHost,
  { run, children, next }: Batch,
  command: Command,
  spec: Parameters<Children['newRun']>[1],
): void => {
  const { child } = command;
  if (child.state === 'started') return;
  const id = children.idOf(command);
  const recorded = (): void => {
    host.started(id);
  };
  command.child = { ...child, state: 'started' };
  const now = host.now();
  if (child.state === 'failed') {
    const request = { runId: id, name: 'replay', payload: '{}', at: now };
    next.add({ command, note: { type: 'child-replayed', index: child.incarnation }, request });
    return;
  }
  const version = host.newest(spec.child.workflow, spec.child.version);
  const newRun = children.newRun(command, spec, { priority: run.priority, version, now });
  next.add({ command, note: { type: 'child-started', index: child.incarnation }, child: newRun, recorded });
};
