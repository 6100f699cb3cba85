import {
  AsyncSubject,
  catchError,
  concatMap,
  EMPTY,
  from,
  ignoreElements,
  mergeMap,
  of,
  throwError,
  toArray,
  type Observable,
} from 'rxjs';
import { SagaError } from '../errors.js';
import type { CleanUpDone } from '../run/clean-ups.js';
import type { Command } from '../run/command.js';
import type { RunContext } from '../run/context.js';
import type { Scope } from '../run/scope.js';

/** A step that has taken effect, and how it is undone. */
interface Completed {
  /** Asks for the compensation; `undefined` for a step that has none. */
  readonly undo: (() => Observable<unknown>) | undefined;
}

/** The sagas of a run that have completed, oldest first: a later operator may ask for their compensation. */
const completedSagas = new WeakMap<RunContext, SagaScope[]>();

export const completedSagasOf = (run: RunContext, name: string): readonly SagaScope[] =>
  (completedSagas.get(run) ?? []).filter((saga) => saga.name === name);

/**
 * One saga at work, for one value.
 *
 * ```
 * open ─► completed ─► compensated      a later operator asks for it
 *   └───► compensated                   a step failed, or the pipeline unsubscribed from it
 * ```
 *
 * What is in flight when it is to be compensated is let finish first: whether it took effect decides whether it has to be undone.
 */
export class SagaScope {
  readonly name: string;
  readonly key: string;
  readonly scope: Scope;
  readonly #run: RunContext;
  readonly #outer: Scope;
  readonly #since: number;
  #state: 'open' | 'completed' | 'compensated' = 'open';
  #completed: Completed[] = [];
  readonly #inFlight = new Set<Command>();
  /** Steps that nobody waits for any more, by what says that their clean-up is over. */
  readonly #orphans = new Map<Command, CleanUpDone>();
  #whenSettled: (() => void) | undefined;

  constructor(name: string, run: RunContext) {
    this.name = name;
    this.#run = run;
    this.key = run.sagaKey(name);
    this.#outer = run.scope;
    this.#since = run.seq;
    this.scope = { cleanUp: run.scope.cleanUp, saga: this };
  }

  // ── what steps tell ───────────────────────────────────────────────────────────────────────────────────────────────────

  began(command: Command): void {
    this.#inFlight.add(command);
  }

  /** It has taken effect; called before anybody downstream sees its result. */
  took(command: Command, undo: Completed['undo']): void {
    this.#inFlight.delete(command);
    const orphaned = this.#orphans.get(command);
    this.#orphans.delete(command);
    if (!orphaned || this.#state === 'compensated') {
      this.#completed.push({ undo });
      orphaned?.();
    } else {
      // Its saga goes on without it.
      undoAll([{ undo }]).subscribe((errors) => {
        orphaned(errors.length > 0 ? { error: this.#gaveUp(errors) } : undefined);
      });
    }
    this.#settle();
  }

  /** It has not taken effect, and will not. */
  ended(command: Command): void {
    this.#inFlight.delete(command);
    this.#orphans.get(command)?.();
    this.#orphans.delete(command);
    this.#settle();
  }

  /** The pipeline has unsubscribed from it. A saga that has failed just waits for it; else its AbortSignal fires. */
  left(command: Command): void {
    if (!this.#inFlight.has(command)) return;
    if (!this.#run.letFinish(command, { abort: this.#state === 'open' })) {
      this.ended(command);
      return;
    }
    this.#run.cleanUp((done) => {
      this.#orphans.set(command, done);
    });
  }

  // ── what the saga comes to ────────────────────────────────────────────────────────────────────────────────────────────

  complete(): void {
    this.#state = 'completed';
    const sagas = completedSagas.get(this.#run) ?? [];
    sagas.push(this);
    completedSagas.set(this.#run, sagas);
  }

  /** Undoes the completed steps, last first, then fails with the error; with all errors when a compensation gave up. */
  fail(error: unknown): Observable<never> {
    return this.#compensate().pipe(
      // What a step failed with is handed on as it is, whatever it is.
      // eslint-disable-next-line rxjs-x/throw-error
      mergeMap((errors) => throwError(() => (errors.length > 0 ? this.#gaveUp(errors, error) : error))),
    );
  }

  /** A later operator asks for it. */
  undo(): Observable<never> {
    if (this.#state !== 'completed') return EMPTY;
    return this.#compensate().pipe(
      mergeMap((errors) => (errors.length > 0 ? throwError(() => this.#gaveUp(errors)) : EMPTY)),
    );
  }

  /** The pipeline has unsubscribed from the whole of it: it is compensated in the background. */
  leave(): void {
    if (this.#state === 'open') void this.#compensate();
  }

  /** The compensation belongs to the run: it goes on whether anybody listens or not. What gave up goes to who listens, or to the run. */
  #compensate(): Observable<readonly unknown[]> {
    this.#state = 'compensated';
    const over = new AsyncSubject<readonly unknown[]>();
    this.#run.cleanUp((done) => {
      const { scope } = this.#run;
      if (this.#completed.length + this.#inFlight.size > 0) this.#run.compensates(this.key, this.#since);
      this.#whenSettled = () => {
        this.#run.within(scope, () =>
          undoAll(this.#completed.splice(0).reverse()).subscribe((errors) => {
            done(errors.length > 0 && !over.observed ? { error: this.#gaveUp(errors) } : undefined);
            this.#run.within(this.#outer, () => {
              over.next(errors);
              over.complete();
            });
          }),
        );
      };
      this.#settle();
    });
    return over;
  }

  #settle(): void {
    if (this.#inFlight.size > 0) return;
    const settled = this.#whenSettled;
    this.#whenSettled = undefined;
    settled?.();
  }

  #gaveUp(errors: readonly unknown[], cause?: unknown): SagaError {
    return new SagaError(
      'COMPENSATION_FAILED',
      `${errors.length} compensation${errors.length === 1 ? '' : 's'} of saga "${this.name}" gave up; the others have run`,
      { errors: [...errors], ...(cause === undefined ? {} : { cause }) },
    );
  }
}

/** Undoes one step after the other; emits the errors of those that gave up. */
const undoAll = (steps: readonly Completed[]): Observable<readonly unknown[]> =>
  from(steps).pipe(
    concatMap(({ undo }) =>
      undo
        ? undo().pipe(
            ignoreElements(),
            catchError((error: unknown) => of(error)),
          )
        : EMPTY,
    ),
    toArray(),
  );
