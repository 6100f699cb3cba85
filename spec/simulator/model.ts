import {
  concatMap,
  defer,
  from,
  map,
  mergeMap,
  Observable,
  of,
  range,
  repeat,
  throwError,
  timer,
  toArray,
  zip,
} from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { build, type Leaves } from './build.js';
import { retryPolicy } from './leaves.js';
import { signalNames, type BodyStep, type Program } from './program.js';

/** One attempt of a job. Times are ms from the beginning. */
export interface Work {
  readonly name: string;
  readonly startedAt: number;
  /** How long it takes when nobody cancels it. */
  readonly ms: number;
  cancelledAt?: number;
}

/** What RxJS alone makes of a program. */
export interface Modelled {
  /** `time: value` for each output, then how it ended. */
  readonly shown: readonly string[];
  readonly work: readonly Work[];
}

/** A signal as it is published: ms from the beginning. */
export interface Letter {
  readonly at: number;
  readonly signal: number;
  readonly payload: string;
}

/**
 * A program as plain RxJS under RxJS's own `TestScheduler`: jobs are timers, signals a mailbox. It knows nothing of journals, so that it
 * also finds what a workflow does wrong in the same way each time. There is none where the scheduler itself gives up.
 */
export const model = (program: Program, letters: readonly Letter[]): Modelled | undefined => {
  const shown: string[] = [];
  const work: Work[] = [];
  const scheduler = new TestScheduler(() => undefined);
  try {
    scheduler.run(() => {
      const mailbox = signalNames.map(() => new Mailbox());
      scheduler.schedule(() => {
        build(program, plain(scheduler, work, mailbox)).subscribe({
          next: (value) => shown.push(`${scheduler.now()}: ${value}`),
          error: () => shown.push(`${scheduler.now()}: failed`),
          complete: () => shown.push(`${scheduler.now()}: completed`),
        });
      });
      for (const { at, signal, payload } of letters) {
        scheduler.schedule(() => mailbox[signal]?.publish(payload), at);
      }
    });
  } catch (error) {
    if (error instanceof Error && error.message === 'Expected a due immediate or interval') return undefined;
    throw error;
  }
  return { shown, work };
};

/** Letters and those who wait for them, first in, first out. */
class Mailbox {
  readonly #letters: string[] = [];
  readonly #waits: ((payload: string) => void)[] = [];

  publish(payload: string): void {
    const wait = this.#waits.shift();
    if (wait) wait(payload);
    else this.#letters.push(payload);
  }

  /** The next letter; one that has come earlier counts. */
  next(): Observable<string> {
    return new Observable((subscriber) => {
      const wait = (payload: string): void => {
        subscriber.next(payload);
        subscriber.complete();
      };
      // A letter that is there already is not delivered within the turn that asks for it.
      const letter = this.#letters.shift();
      if (letter !== undefined) {
        const asked = timer(0).subscribe(() => {
          wait(letter);
        });
        subscriber.add(() => {
          if (!asked.closed) this.#letters.unshift(letter);
          asked.unsubscribe();
        });
        return;
      }
      this.#waits.push(wait);
      subscriber.add(() => {
        const place = this.#waits.indexOf(wait);
        if (place >= 0) this.#waits.splice(place, 1);
      });
    });
  }
}

const plain = (scheduler: TestScheduler, work: Work[], mailbox: readonly Mailbox[]): Leaves => {
  /** Time that somebody works for, cancelled by unsubscribing. */
  const working = (name: string, ms: number): Observable<unknown> =>
    new Observable((subscriber) => {
      const entry: Work = { name, startedAt: scheduler.now(), ms };
      work.push(entry);
      let done = false;
      const timing = timer(ms).subscribe(() => {
        done = true;
        subscriber.next(undefined);
        subscriber.complete();
      });
      return () => {
        timing.unsubscribe();
        if (!done) entry.cancelledAt = scheduler.now();
      };
    });
  const attempt = (name: string, ms: number, failures: number, number: number): Observable<string> =>
    working(name, ms).pipe(
      mergeMap(() => {
        if (number > failures) return of(name);
        if (number === retryPolicy.maxAttempts) return throwError(() => new Error(`${name} failed`));
        const pause = retryPolicy.initialInterval * retryPolicy.backoff ** (number - 1);
        return timer(pause).pipe(mergeMap(() => attempt(name, ms, failures, number + 1)));
      }),
    );
  const seen = { chosen: false };
  const job: Leaves['job'] = (name, ms, failures) => defer(() => attempt(name, ms, failures, 1));
  const signals = (signal: number): Observable<string> => {
    const next = (): Observable<string> =>
      mailbox[signal]?.next() ?? throwError(() => new RangeError('no such signal'));
    return defer(next).pipe(repeat());
  };
  return {
    job,
    jobs: (name, ms, concurrency) => from(ms).pipe(mergeMap((each, n) => job(`${name}j${n}`, each, 0), concurrency)),
    stream: (name, gap, count) =>
      defer(() => {
        const start = scheduler.now();
        const entry: Work = { name, startedAt: start, ms: gap * count };
        work.push(entry);
        return new Observable<string>((subscriber) => {
          let done = false;
          const values = range(0, count)
            .pipe(concatMap((n) => timer(start + gap * (n + 1) - scheduler.now()).pipe(map(() => `${name}s${n}`))))
            .subscribe({
              next: (value) => {
                subscriber.next(value);
              },
              complete: () => {
                done = true;
                subscriber.complete();
              },
            });
          return () => {
            values.unsubscribe();
            if (!done) entry.cancelledAt = scheduler.now();
          };
        });
      }),
    wait: (signal) => mailbox[signal]?.next() ?? throwError(() => new RangeError('no such signal')),
    signals,
    // It is not done within the turn that asks for it.
    sideEffect: (name) => timer(0).pipe(map(() => `${name}r`)),
    saga: (name, { steps, beside }) =>
      // What is undone is not modelled: a run that compensates has no model.
      from(steps).pipe(
        mergeMap(({ ms, failures }, n) => job(`${name}p${n}`, ms, failures), beside ? Infinity : 1),
        toArray(),
        mergeMap((results) => results),
      ),
    child: (name, ms, failures, count) =>
      job(name, ms, failures).pipe(
        mergeMap(() => range(0, count)),
        map((n) => `${name}c${n}`),
      ),
    transaction: (name) => timer(0).pipe(map(() => `${name}x`)),
    version: (name) =>
      defer(() => (seen.chosen ? of(0) : timer(0))).pipe(
        map(() => {
          seen.chosen = true;
          return `${name}v1`;
        }),
      ),
    exposed: (source) => source,
    finalized: (source) => source,
    nap: (ms) => timer(ms).pipe(map(() => 'nap')),
    body: (name, steps) =>
      steps.reduce(
        (result$, step, index) => result$.pipe(concatMap((result) => stepOf(job, name, step, index, result))),
        of(name),
      ),
  };
};

const stepOf = (
  job: Leaves['job'],
  name: string,
  step: BodyStep,
  index: number,
  result: string,
): Observable<string> => {
  switch (step.type) {
    case 'execute':
      return job(`${name}b${index}`, step.ms, 0);
    case 'sleep':
      return timer(step.ms).pipe(map(() => result));
    case 'side-effect':
      return of(`${result}r`);
    case 'both':
      return zip(job(`${name}l${index}`, step.ms[0], 0), job(`${name}r${index}`, step.ms[1], 0)).pipe(
        map((both) => both.join('&')),
      );
  }
};
