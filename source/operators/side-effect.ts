import type { OperatorFunction } from 'rxjs';
import { defaultCodec, limited } from '../values/codec.js';
import type { Codec } from '../values/codec.js';
import { digest } from '../values/digest.js';
import { recordedFailure } from '../run/failure-origin.js';
import { checkName } from './activity-definition.js';
import { ask, eachInRun, type ToCommand } from './ask.js';
import { emitRecorded } from './recorded.js';

/**
 * A small synchronous value that another call would not give again: a uuid, a random number, an environment variable. The
 * function is called once for each upstream value; its answer is recorded before it is emitted, and never computed again.
 *
 * Errors: what the function throws; `INVALID_VALUE` when the answer cannot be written down (a promise, say: use `activity`).
 *
 * @example
 * order$.pipe(sideEffect('tracking', (order) => ({ ...order, tracking: randomUUID() })))
 */
export const sideEffect = <I, R>(name: string, fn: (value: I) => R): OperatorFunction<I, R> => {
  checkName('side effect', name);
  const operator = `sideEffect("${name}")`;
  return eachInRun(operator, 1, (run, value) =>
    ask(
      run,
      operator,
      toSideEffect(name, () => fn(value), digestOf(value)),
    ),
  );
};

/** A side effect's input may be anything; what cannot be written down has no digest to compare. */
const digestOf = (value: unknown): string => {
  try {
    return digest(defaultCodec.encode(value));
  } catch {
    return '';
  }
};

/** The command that asks for one side effect. */
export const toSideEffect =
  <R>(name: string, compute: () => R, inputDigest: string): ToCommand<R> =>
  (run, subscriber) => {
    // What `compute` answers is written and read by the default codec alone, which gives back what it was given.
    const codec = limited(defaultCodec, run.maxPayloadBytes) as Codec<R>;
    return {
      kind: 'sideEffect',
      name,
      digest: inputDigest,
      compute: () => codec.encode(compute()),
      deliver: (event) => {
        if (event.type === 'activity-failed') subscriber.error(recordedFailure(event));
        else if (event.type === 'side-effect-recorded') {
          emitRecorded(run, `side effect "${name}"`, codec, event.payload, subscriber);
          subscriber.complete();
        }
      },
    };
  };
