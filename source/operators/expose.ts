import { defer, tap, type MonoTypeOperatorFunction } from 'rxjs';
import { requireRun } from '../run/context.js';
import { codecOf } from '../values/io-ts-codec.js';
import type * as t from 'io-ts';
import { limited } from '../values/codec.js';
import { checkName } from './activity-definition.js';

/**
 * Publishes the values that pass by as live state of the run, under a name: `run.exposed$(name)` has the latest one and then each
 * new one, from any process, also when the run is at its end.
 *
 * Records the latest value, with the next commit of the run; nothing in its history, so that it may be put in and taken out at any
 * time. Errors: `INVALID_VALUE`, `PAYLOAD_TOO_LARGE`, `DECODE_FAILED`.
 *
 * @example
 * films$.pipe(activity('encode', encode), scan((done) => done + 1, 0), expose('progress'))
 */
export const expose = <T>(name: string, codec?: t.Type<T, unknown>): MonoTypeOperatorFunction<T> => {
  checkName('exposed value', name);
  return (source) =>
    defer(() => {
      const run = requireRun(`expose("${name}")`);
      const published = limited(codecOf(codec), run.maxPayloadBytes);
      return source.pipe(
        tap((value) => {
          if (run.guard(`expose("${name}")`)) run.expose(name, published.encode(value));
        }),
      );
    });
};
