/* eslint-disable @typescript-eslint/no-deprecated -- what RxJS still exports is used by somebody */
import {
  asyncScheduler,
  auditTime,
  bufferTime,
  debounceTime,
  delay,
  delayWhen,
  map,
  merge,
  mergeMap,
  observeOn,
  of,
  repeat,
  retry,
  sampleTime,
  subscribeOn,
  throttleTime,
  timeInterval,
  timeout,
  timeoutWith,
  timer,
  timestamp,
  toArray,
  windowTime,
} from 'rxjs';
import type { Cases } from './sources.js';

/** Those that wait, and others of the name when they are told to. */
export const time: Cases = {
  auditTime: ({ a }) => a.pipe(auditTime(45)),
  bufferTime: ({ a }) => a.pipe(bufferTime(64)),
  debounceTime: ({ a }) => a.pipe(debounceTime(35)),
  delay: ({ a }) => a.pipe(delay(33)),
  delayWhen: ({ a }) => a.pipe(delayWhen((n) => timer(70 - n * 11))),
  'observeOn(asyncScheduler)': ({ a }) => a.pipe(observeOn(asyncScheduler, 9)),
  'repeat({ delay })': ({ work }) => work(15, 'again').pipe(repeat({ count: 3, delay: 21 })),
  'retry({ delay })': ({ e }) => e.pipe(retry({ count: 2, delay: 21 })),
  sampleTime: ({ a }) => a.pipe(sampleTime(44)),
  'subscribeOn(asyncScheduler)': ({ a, work }) => merge(a.pipe(subscribeOn(asyncScheduler, 9)), work(5, 'other')),
  throttleTime: ({ a }) => a.pipe(throttleTime(44, undefined, { leading: true, trailing: true })),
  timeInterval: ({ a }) =>
    a.pipe(
      timeInterval(),
      map(({ value, interval }) => ({ value, interval })),
    ),
  timeout: ({ a }) => a.pipe(timeout({ each: 66, with: () => of('gap') })),
  timeoutWith: ({ a }) => a.pipe(timeoutWith(66, of('gap'))),
  timestamp: ({ a }) =>
    a.pipe(
      timestamp(),
      map(({ value, timestamp: at }) => `${value} at …${at % 100_000}`),
    ),
  windowTime: ({ a }) =>
    a.pipe(
      windowTime(64),
      mergeMap((each) => each.pipe(toArray())),
    ),
};
