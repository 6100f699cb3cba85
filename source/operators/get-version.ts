import { defer, of, type Observable } from 'rxjs';
import { EngineError } from '../errors.js';
import type { RunContext } from '../run/context.js';
import { requireRun } from '../run/context.js';
import { versionOutOfRange } from '../run/divergence.js';
import { checkName } from './activity-definition.js';
import { ask } from './ask.js';

/**
 * Which version of a change this run is on; emits once, then completes. The choice is made once for a run and change, and committed before
 * it is seen:
 *
 * - a run that comes here first takes `max`, the newest, and keeps it;
 * - a run that was past this place before there was a `getVersion` takes `min`, the oldest.
 *
 * Records the choice. Errors: `INVALID_ARGUMENT` for a range that is none; a run whose choice is out of the range is blocked with
 * `VERSION_OUT_OF_RANGE`, and goes on when the code has that version again.
 *
 * @example
 * order$.pipe(mergeMap((order) => getVersion('scoring', 0, 1).pipe(mergeMap((v) => (v === 0 ? execute(oldScore, order) : execute(score, order))))))
 */
export const getVersion = (change: string, min: number, max: number): Observable<number> => {
  checkName('change', change);
  if (![min, max].every((version) => Number.isSafeInteger(version) && version >= 0) || min > max) {
    throw new EngineError(
      'INVALID_ARGUMENT',
      `getVersion("${change}", min, max) takes whole numbers from 0 on, the smaller one first, not ${min} and ${max}`,
    );
  }
  const operator = `getVersion("${change}")`;
  return defer(() => {
    const run = requireRun(operator);
    const known = run.versionOf(change);
    const version = known === 'passed' ? min : known;
    if (version !== undefined) {
      run.seeVersion(change, version);
      return take(run, change, version, min, max);
    }
    return ask<number>(run, operator, (_, subscriber) => ({
      kind: 'version',
      name: change,
      digest: '',
      newest: max,
      deliver: (event) => {
        if (event.type !== 'version-chosen') return;
        run.seeVersion(change, event.index);
        take(run, change, event.index, min, max).subscribe(subscriber);
      },
    }));
  });
};

/** A run that has taken a branch that is gone is stopped, not failed. */
const take = (run: RunContext, change: string, version: number, min: number, max: number): Observable<number> => {
  if (version >= min && version <= max) return of(version);
  run.block(versionOutOfRange(change, version, min, max));
  return of();
};
