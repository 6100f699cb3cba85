import test from 'ava';
import * as io from 'io-ts';
import { EMPTY, from, map, merge, mergeMap, of, timer, type Observable } from 'rxjs';
import { saga, step, workflow } from '../../source/index.js';
import { engineOf } from '../_support/engine.js';

/** What a step gives, and what its compensation is told of that. */

const refused: Readonly<Record<string, () => unknown>> = {
  'that cannot be recorded': () => () => 'a function',
  'that its codec refuses': () => 7,
  'beyond the limit': () => 'x'.repeat(2000),
  'in a stream that cannot be recorded': () => from(['one', Symbol('two')]),
};

for (const [what, give] of Object.entries(refused)) {
  test(`step with a result ${what} has taken effect, and is compensated with the others`, async (t) => {
    const undone: unknown[] = [];
    const note = (result: unknown, input: unknown): void => {
      undone.push([result, input]);
    };
    const trip = workflow('trip', (text$: Observable<string>) =>
      text$.pipe(
        saga(
          'trip',
          step('a', (text: string) => `${text}a`, note),
          step('b', give as () => string, note, what.includes('codec') ? { output: io.string } : {}),
        ),
      ),
    );
    const { tempolite, clock } = await engineOf(t, { workflows: [trip], maxPayloadBytes: 1000 });

    const run = await tempolite.start(trip, 'x');
    await t.throwsAsync(clock.until(run.result()), { code: 'RESULT_UNRECORDABLE' });

    t.deepEqual(undone, [
      [undefined, 'xa'],
      ['xa', 'x'],
    ]);
  });
}

test('step tells its compensation what its codecs make of it', async (t) => {
  const seen: unknown[] = [];
  const trip = workflow('trip', (text$: Observable<string>) =>
    text$.pipe(
      map(() => new Date(0)),
      saga(
        'trip',
        step(
          'a',
          (date: Date) => new Date(date.getTime() + 1),
          (result, input) => {
            seen.push(result, input);
          },
          { input: DateAsYear, output: DateAsYear },
        ),
        map(() => fail('no')),
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [trip] });

  const run = await tempolite.start(trip, 'x');
  await t.throwsAsync(clock.until(run.result()), { message: 'no' });

  t.deepEqual(seen, [new Date(Date.UTC(1970)), new Date(Date.UTC(1970))]);
});

test('step gives its compensation what it gave, what it was given, and another idempotency key', async (t) => {
  const seen: unknown[] = [];
  const trip = workflow('trip', (text$: Observable<string>) =>
    text$.pipe(
      saga(
        'trip',
        step(
          'a',
          (text: string, { idempotencyKey }) => {
            seen.push(idempotencyKey);
            return { booked: text };
          },
          (result, input, { input: both, idempotencyKey }) => {
            seen.push(result, input, both, idempotencyKey);
          },
        ),
        map(() => fail('no')),
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [trip] });

  const run = await tempolite.start(trip, 'Rome', { id: 'trip' });
  await t.throwsAsync(clock.until(run.result()), { message: 'no' });

  t.deepEqual(seen, [
    'trip/0/step:trip/a#0',
    { booked: 'Rome' },
    'Rome',
    { result: { booked: 'Rome' }, input: 'Rome' },
    'trip/0/compensation:trip/a#0',
  ]);
});

test('step may be an object with a run method, or give a stream whose last value is its result', async (t) => {
  const undone: unknown[] = [];
  class Counter {
    #n = 0;
    run(text: string): string {
      this.#n += 1;
      return `${text}${this.#n}`;
    }
  }
  const nothing = step(
    'nothing',
    (): Observable<string> => EMPTY,
    (none: string) => undone.push(none),
  );
  const trip = workflow('trip', (text$: Observable<string>) =>
    text$.pipe(
      saga(
        'trip',
        step('count', new Counter(), (result) => undone.push(result)),
        step(
          'letters',
          (text: string) => from(text.split('')),
          (last) => undone.push(last),
        ),
        mergeMap((letter) => merge(of(letter).pipe(nothing), timer(5).pipe(map(() => fail('no'))))),
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [trip] });

  const run = await tempolite.start(trip, 'x');
  await t.throwsAsync(clock.until(run.result()), { message: 'no' });

  t.deepEqual(undone, [undefined, undefined, '1', 'x1']);
});

/** Keeps nothing of a date but its year. */
const DateAsYear = new io.Type<Date, number>(
  'DateAsYear',
  (u): u is Date => u instanceof Date,
  (u, c) => (typeof u === 'number' ? io.success(new Date(Date.UTC(u))) : io.failure(u, c)),
  (date) => date.getUTCFullYear(),
);

const fail = (message: string): never => {
  throw new Error(message);
};
