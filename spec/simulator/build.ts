import {
  auditTime,
  buffer,
  bufferCount,
  bufferTime,
  catchError,
  combineLatest,
  concat,
  concatMap,
  debounceTime,
  defaultIfEmpty,
  delay,
  distinct,
  EMPTY,
  exhaustMap,
  expand,
  forkJoin,
  groupBy,
  map,
  merge,
  mergeMap,
  of,
  pairwise,
  race,
  range,
  repeat,
  retry,
  sample,
  sampleTime,
  scan,
  share,
  skip,
  skipUntil,
  startWith,
  switchMap,
  take,
  takeLast,
  takeUntil,
  throttleTime,
  timeInterval,
  timeout,
  timer,
  toArray,
  windowTime,
  withLatestFrom,
  zip,
  type Observable,
  type OperatorFunction,
} from 'rxjs';
import type { BodyStep, Flat, Join, Op, Program } from './program.js';

/** What brings in the outside world: durable operators in a workflow, plain RxJS in its model. */
export interface Leaves {
  /** A piece of work that takes `ms`, the first attempts of which fail. Emits its name. */
  job(name: string, ms: number, failures: number): Observable<string>;
  /** As many pieces of work as there are values, so many at once. */
  jobs(name: string, ms: readonly number[], concurrency: number): Observable<string>;
  stream(name: string, gap: number, count: number): Observable<string>;
  wait(signal: number): Observable<string>;
  signals(signal: number): Observable<string>;
  sideEffect(name: string): Observable<string>;
  nap(ms: number): Observable<string>;
  body(name: string, steps: readonly BodyStep[]): Observable<string>;
  /** The names of its steps. `beside`: all at once. */
  saga(name: string, program: Program & { readonly type: 'saga' }): Observable<string>;
  /** A run of its own that works, then emits so many values. */
  child(name: string, ms: number, failures: number, count: number): Observable<string>;
  transaction(name: string): Observable<string>;
  version(name: string): Observable<string>;
  exposed(source: Observable<string>): Observable<string>;
  finalized(source: Observable<string>, name: string, ms: number): Observable<string>;
}

const text = (value: unknown): string => (Array.isArray(value) ? `[${value.map(text).join(' ')}]` : String(value));

/** The pipeline of a program. `name` tells its parts apart. */
export const build = (program: Program, leaves: Leaves, name = ''): Observable<string> => {
  const inner = (part: Program, place: number): Observable<string> => build(part, leaves, `${name}${place}`);
  switch (program.type) {
    case 'of':
      return range(0, program.count).pipe(map((n) => `${name}=${n}`));
    case 'job':
      return leaves.job(name, program.ms, program.failures);
    case 'jobs':
      return leaves.jobs(name, program.ms, program.concurrency);
    case 'stream':
      return leaves.stream(name, program.gap, program.count);
    case 'ticks':
      return timer(program.first, program.period).pipe(
        take(program.count),
        map((n) => `${name}t${n}`),
      );
    case 'wait':
      return leaves.wait(program.signal);
    case 'choice': {
      const second = leaves.wait(program.second);
      const either = race(leaves.wait(program.first), second);
      return program.beside ? merge(either, second) : concat(either, second);
    }
    case 'signals':
      return leaves.signals(program.signal).pipe(take(program.count));
    case 'side-effect':
      return leaves.sideEffect(name);
    case 'nap':
      return leaves.nap(program.ms);
    case 'body':
      return leaves.body(name, program.steps);
    case 'saga':
      return leaves.saga(name, program);
    case 'child':
      return leaves.child(name, program.ms, program.failures, program.count);
    case 'transaction':
      return leaves.transaction(name);
    case 'version':
      return program.inVain ? race(leaves.version(name), of(`${name}=first`)) : leaves.version(name);
    case 'op': {
      const source = inner(program.source, 0);
      if (program.op === 'expose') return leaves.exposed(source);
      if (program.op === 'finalize') return leaves.finalized(source, name, program.ms);
      return applied(source, program.op, program.ms, program.count);
    }
    case 'flat':
      return inner(program.source, 0).pipe(
        flattened(program.how, (value) => inner(program.inner, 1).pipe(map((it) => `${value}>${it}`))),
      );
    case 'join':
      return joined(
        program.how,
        program.sources.map((source, place) => inner(source, place)),
      );
    case 'shared': {
      const shared = inner(program.source, 0).pipe(share());
      return merge(
        shared,
        shared.pipe(
          delay(program.ms),
          map((value) => `${value}'`),
        ),
        shared.pipe(take(1)),
      );
    }
    case 'expand':
      return leaves
        .job(name, program.ms, 0)
        .pipe(
          expand((value) =>
            value.length > name.length + program.depth ? EMPTY : leaves.job(`${value}!`, program.ms, 0),
          ),
        );
  }
};

const flattened = (how: Flat, project: (value: string) => Observable<string>): OperatorFunction<string, string> => {
  switch (how) {
    case 'merge':
      return mergeMap(project);
    case 'merge2':
      return mergeMap(project, 2);
    case 'concat':
      return concatMap(project);
    case 'switch':
      return switchMap(project);
    case 'exhaust':
      return exhaustMap(project);
  }
};

const joined = (how: Join, [first = EMPTY, second = EMPTY]: readonly Observable<string>[]): Observable<string> => {
  switch (how) {
    case 'merge':
      return merge(first, second);
    case 'concat':
      return concat(first, second);
    case 'race':
      return race(first, second);
    case 'combineLatest':
      return combineLatest([first, second]).pipe(map(text));
    case 'zip':
      return zip(first, second).pipe(map(text));
    case 'forkJoin':
      return forkJoin([first, second]).pipe(map(text));
    case 'withLatestFrom':
      return first.pipe(withLatestFrom(second), map(text));
    case 'takeUntil':
      return first.pipe(takeUntil(second));
    case 'skipUntil':
      return first.pipe(skipUntil(second));
    case 'sample':
      return first.pipe(sample(second));
    case 'buffer':
      return first.pipe(buffer(second), map(text));
  }
};

/** Operators that repeat themselves while others wait would fill the journal with shorter ones. */
const leastPeriod = 60;

const applied = (
  source: Observable<string>,
  op: Exclude<Op, 'expose' | 'finalize'>,
  ms: number,
  count: number,
): Observable<string> => {
  const period = Math.max(ms, leastPeriod);
  switch (op) {
    case 'audit':
      return source.pipe(auditTime(ms));
    case 'bufferCount':
      return source.pipe(bufferCount(count), map(text));
    case 'bufferTime':
      return source.pipe(bufferTime(period), map(text));
    case 'catch':
      return source.pipe(catchError(() => of('caught').pipe(delay(ms))));
    case 'debounce':
      return source.pipe(debounceTime(ms));
    case 'defaultIfEmpty':
      return source.pipe(defaultIfEmpty('empty'));
    case 'delay':
      return source.pipe(delay(ms));
    case 'distinct':
      return source.pipe(distinct((value) => value.length % count));
    case 'fail':
      return source.pipe(
        map((value, index) => {
          // The first value, too: most sources have one.
          if (index === count - 1) throw new Error(`no ${count}`);
          return value;
        }),
      );
    case 'groupBy':
      return source.pipe(
        groupBy((value) => value.length % 2),
        mergeMap((group) => group.pipe(map((value) => `${group.key}:${value}`))),
      );
    case 'microtask':
      return source.pipe(mergeMap(async (value) => Promise.resolve(value).then((it) => `${it}~`)));
    case 'pairwise':
      return source.pipe(pairwise(), map(text));
    case 'repeat':
      return source.pipe(repeat({ count: 2, delay: ms }));
    case 'retry':
      return source.pipe(retry({ count: 2, delay: ms }));
    case 'sampleTime':
      return source.pipe(sampleTime(period));
    case 'scan':
      return source.pipe(
        scan((sum, value) => sum + value.length, 0),
        map(text),
      );
    case 'skip':
      return source.pipe(skip(count));
    case 'startWith':
      return source.pipe(startWith('start'));
    case 'take':
      return source.pipe(take(count));
    case 'takeLast':
      return source.pipe(takeLast(count));
    case 'throttle':
      return source.pipe(throttleTime(ms, undefined, { leading: count % 2 === 0, trailing: true }));
    case 'timeInterval':
      return source.pipe(
        timeInterval(),
        map(({ value, interval }) => `${value}+${interval}`),
      );
    case 'timeoutEach':
      return source.pipe(timeout({ each: ms, with: () => of('gap') }));
    case 'timeoutFirst':
      return source.pipe(timeout({ first: ms, with: () => of('late') }));
    case 'toArray':
      return source.pipe(toArray(), map(text));
    case 'windowTime':
      return source.pipe(
        windowTime(period),
        mergeMap((window) => window.pipe(toArray(), map(text))),
      );
  }
};
