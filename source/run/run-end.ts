import { RunError } from '../errors.js';
import type { End } from '../journal/event.js';
import { decodeFailure, encodeFailure } from '../values/failure.js';
import { nextAttempt, normalizeRetryPolicy } from '../values/retry-policy.js';
import { automaticRetries } from './control.js';
import type { RunRecord } from '../journal/run-record.js';
import type { LiveContext } from './live-context.js';
import type { WorkflowDefinition } from './workflow.js';

/** The end of a link as it is recorded: how the pipeline ended it, and what clean-up made of that. */
export const finalEnd = (
  end: End,
  { outputs, cleanUps, seq, runId }: Pick<LiveContext, 'outputs' | 'cleanUps' | 'seq' | 'runId'>,
): End => {
  const errors = [...cleanUps.failures];
  if (errors.length === 0) return end.type === 'run-completed' ? { ...end, index: outputs.total } : end;
  const failed = (code: 'CLEANUP_FAILED' | 'RUN_CANCELLED', message: string, cause?: unknown): string =>
    encodeFailure(new RunError(code, message, { errors, ...(cause === undefined ? {} : { cause }) }));
  switch (end.type) {
    case 'run-cancelled':
      return { ...end, payload: failed('RUN_CANCELLED', `run "${runId}" was cancelled, and clean-up gave up`) };
    case 'run-failed':
      return {
        ...end,
        payload: failed('CLEANUP_FAILED', `run "${runId}" failed, and clean-up gave up`, decodeFailure(end.payload)),
      };
    case 'run-completed':
    case 'run-continued': {
      const payload = failed('CLEANUP_FAILED', `clean-up of run "${runId}" gave up after its pipeline had completed`);
      return { type: 'run-failed', index: seq + 1, payload };
    }
    case 'run-terminated':
      return end;
  }
};

/** Whether and when the retry policy of the workflow sends a failed run back. */
export const retryAfter = (
  end: End,
  record: RunRecord,
  workflow: WorkflowDefinition<unknown, unknown>,
  { random, now }: { readonly random: () => number; readonly now: number },
): number | undefined => {
  const { retry } = workflow.limits;
  if (end.type !== 'run-failed' || retry === undefined) return undefined;
  const error = decodeFailure(end.payload);
  if (error instanceof RunError && error.code === 'RUN_TIMEOUT') return undefined;
  const attempt = automaticRetries(record.rewinds) + 1;
  try {
    const next = nextAttempt(normalizeRetryPolicy(retry), attempt, error, random, now);
    return next.retry ? now + next.delayMs : undefined;
  } catch {
    // A `nonRetryable` of the user's that throws itself says no.
    return undefined;
  }
};
