import { concat, concatWith, connect, defer, dematerialize, materialize, mergeMap, NEVER, take, tap } from 'rxjs';
import type { ObservableNotification, OperatorFunction } from 'rxjs';
import { EngineError } from '../errors.js';
import { getVersion } from './get-version.js';

type Op<I, O> = OperatorFunction<I, O>;

/**
 * A part of a pipeline in several versions, numbered from 0. New runs take the newest one; a run keeps the one that it took; a run that was past
 * this place before it was versioned takes the oldest. The choice is made when the first value comes here, so that a run that
 * has not come so far is a new one.
 *
 * ```
 * source    --a------b--|
 *           versioned('scoring', { 0: activity(oldScore), 1: activity(score) })
 * output    -----A------B-|       both by `score` in a new run, both by `oldScore` in one that was past
 * ```
 *
 * Records the choice, once. A version that no run is on any more can be dropped: `{ 1: …, 2: … }`. Errors: as `getVersion`.
 *
 * @example
 * order$.pipe(versioned('scoring', { 0: activity(oldScore), 1: activity(score) }))
 */
export function versioned<I, A>(change: string, branches: { readonly [version: number]: Op<I, A> }): Op<I, A>;
export function versioned<I, A, B>(
  change: string,
  branches: { readonly 0: Op<I, A>; readonly 1: Op<I, B> },
): Op<I, A | B>;
export function versioned<I, A, B, C>(
  change: string,
  branches: { readonly 0: Op<I, A>; readonly 1: Op<I, B>; readonly 2: Op<I, C> },
): Op<I, A | B | C>;
export function versioned<I, A, B, C, D>(
  change: string,
  branches: { readonly 0: Op<I, A>; readonly 1: Op<I, B>; readonly 2: Op<I, C>; readonly 3: Op<I, D> },
): Op<I, A | B | C | D>;
export function versioned<I, A>(change: string, branches: { readonly [version: number]: Op<I, A> }): Op<I, A> {
  const { min, max } = rangeOf(change, branches);
  return (source) =>
    defer(() => {
      const held = new Held<ObservableNotification<I>>();
      return source.pipe(
        // The end of an empty source comes here, too: a branch may make something of it.
        materialize(),
        concatWith(NEVER),
        tap((value) => {
          held.pass(value);
        }),
        connect((all$) =>
          all$.pipe(
            take(1),
            mergeMap(() => getVersion(change, min, max)),
            mergeMap((version) =>
              concat(held.values(), all$).pipe(dematerialize(), branchOf(change, branches, version)),
            ),
          ),
        ),
      );
    });
}

/** What comes before the choice is committed waits for it; and what comes in reaction to that while it is handed on waits for its turn. */
class Held<V> {
  #values: V[] | undefined = [];

  pass(value: V): void {
    this.#values?.push(value);
  }

  *values(): Generator<V, void> {
    yield* this.#values ?? [];
    this.#values = undefined;
  }
}

const rangeOf = (change: string, branches: object): { readonly min: number; readonly max: number } => {
  const versions = Object.keys(branches).map(Number);
  const [min, max] = [Math.min(...versions), Math.max(...versions)];
  if (versions.length > 0 && versions.every(Number.isInteger) && min >= 0 && max - min === versions.length - 1)
    return { min, max };
  throw new EngineError(
    'INVALID_ARGUMENT',
    `the branches of versioned("${change}") are numbered from 0 on without a gap (the oldest may have been dropped), ` +
      `not ${Object.keys(branches).join(', ') || 'none at all'}`,
  );
};

const branchOf = <I, A>(
  change: string,
  branches: { readonly [version: number]: Op<I, A> },
  version: number,
): Op<I, A> => {
  const branch = branches[version];
  // getVersion keeps to the range of the branches.
  if (!branch) throw new EngineError('VERSION_OUT_OF_RANGE', `versioned("${change}") has no branch ${version}`);
  return branch;
};
