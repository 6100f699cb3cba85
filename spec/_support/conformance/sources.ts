import { merge, type Observable } from 'rxjs';

/** What brings values in: activities in a workflow, timers in its model. */
export interface Sources {
  /** Emits the value after so many ms; `fail` is an error instead. */
  readonly work: <V>(ms: number, value: V) => Observable<V>;
  readonly fail: (ms: number) => Observable<never>;
  /** 1, 2, 3, 4 at 20, 50, 90, 200. */
  readonly a: Observable<number>;
  /** x, y at 35, 120. */
  readonly b: Observable<string>;
  /** 1 at 20, then an error at 50. */
  readonly e: Observable<number>;
}

export const sourcesOf = (work: Sources['work'], fail: Sources['fail']): Sources => ({
  work,
  fail,
  a: merge(work(20, 1), work(50, 2), work(90, 3), work(200, 4)),
  b: merge(work(35, 'x'), work(120, 'y')),
  e: merge(work(20, 1), fail(50)),
});

/** A pipeline that shows what an operator does. */
export type Case = (sources: Sources) => Observable<unknown>;
export type Cases = Readonly<Record<string, Case>>;
