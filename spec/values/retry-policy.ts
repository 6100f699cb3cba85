import test from 'ava';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { ValueError } from '../../source/errors.js';
import { nextAttempt, normalizeRetryPolicy, type RetryPolicy } from '../../source/values/retry-policy.js';

const defaults = normalizeRetryPolicy({});
const half = (): number => 0.5;
const delayOf = (
  policy: RetryPolicy,
  attempt: number,
  error: unknown = new Error('x'),
  random = half,
  now = 0,
): number | undefined => {
  const next = nextAttempt(normalizeRetryPolicy(policy), attempt, error, random, now);
  return next.retry ? next.delayMs : undefined;
};

const policies = fc.record({
  maxAttempts: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.constant(Infinity)),
  initialInterval: fc.nat(100_000),
  backoff: fc.double({ min: 1, max: 10, noNaN: true }),
  maxInterval: fc.nat(1_000_000),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('three attempts, one second doubling to a minute, a tenth of jitter, unless said otherwise', (t) => {
  t.deepEqual(defaults, {
    maxAttempts: 3,
    initialIntervalMs: 1000,
    backoff: 2,
    maxIntervalMs: 60_000,
    jitter: 0.1,
    nonRetryable: [],
  });
});

test('without jitter the intervals are those of the policy, up to the longest', (t) => {
  const policy = { maxAttempts: 8, initialInterval: '1s', backoff: 3, maxInterval: '1 minute', jitter: 0 };

  t.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 8].map((attempt) => delayOf(policy, attempt)),
    [1000, 3000, 9000, 27_000, 60_000, 60_000, 60_000, undefined],
  );
});

test('a delay is a whole number within the jitter, never longer than maxInterval', (t) => {
  fc.assert(
    fc.property(policies, fc.integer({ min: 1, max: 5000 }), randoms, (policy, attempt, random) => {
      const delay = delayOf({ ...policy, maxAttempts: Infinity }, attempt, undefined, () => random);
      const interval = Math.min(
        policy.initialInterval * Math.min(policy.backoff ** (attempt - 1), 1e300),
        policy.maxInterval,
      );
      t.true(Number.isInteger(delay));
      t.true(delay! <= policy.maxInterval);
      t.true(delay! >= Math.floor(interval * (1 - policy.jitter)));
      t.true(delay! <= Math.ceil(interval * (1 + policy.jitter)));
    }),
  );
});

test('an attempt follows exactly while there are any left', (t) => {
  fc.assert(
    fc.property(policies, fc.integer({ min: 1, max: 6000 }), (policy, attempt) => {
      t.is(delayOf(policy, attempt) !== undefined, attempt < policy.maxAttempts);
    }),
  );
});

test('jitter goes both ways and random is asked once', (t) => {
  let asked = 0;
  const answer = (value: number) => (): number => {
    asked += 1;
    return value;
  };
  const policy = { initialInterval: 1000, jitter: 0.2 };

  t.is(delayOf(policy, 1, undefined, answer(0)), 800);
  t.is(delayOf(policy, 1, undefined, answer(0.999999)), 1200);
  t.is(asked, 2);
});

test('an interval of zero stays zero however many attempts there were', (t) => {
  t.is(delayOf({ initialInterval: 0, maxAttempts: Infinity }, 5000), 0);
});

test('an error that is not retryable by name, by code, by its own word or by a function ends the attempts', (t) => {
  const refused = Object.assign(new Error('x'), { code: 'CARD_REFUSED' });

  t.is(delayOf({ nonRetryable: ['TypeError'] }, 1, new TypeError('x')), undefined);
  t.is(delayOf({ nonRetryable: ['CARD_REFUSED'] }, 1, refused), undefined);
  t.is(delayOf({}, 1, Object.assign(new Error('x'), { nonRetryable: true })), undefined);
  t.is(delayOf({ nonRetryable: (error) => error === 'stop' }, 1, 'stop'), undefined);
  t.is(delayOf({ nonRetryable: ['TypeError'] }, 1, new Error('TypeError')), 1000);
  t.is(delayOf({ nonRetryable: (error) => error === 'stop' }, 1, 'go'), 1000);
});

for (const thrown of [undefined, null, 'text', 5, Symbol('s')]) {
  test(`a thrown ${String(thrown)} is retried like an error`, (t) => {
    t.is(delayOf({ nonRetryable: ['text'] }, 1, thrown), 1000);
  });
}

test('an error says when to come back: in ms, as a duration, as a date', (t) => {
  const after = (retryAfter: unknown): number | undefined =>
    delayOf({}, 1, Object.assign(new Error('429'), { retryAfter }), half, 10_000);

  t.is(after(7), 7);
  t.is(after('2 minutes'), 120_000);
  t.is(after(new Date(15_000)), 5000);
  t.is(after(new Date(5000)), 0);
});

test('a retryAfter that makes no sense is passed over', (t) => {
  for (const retryAfter of ['soon', -1, NaN, Infinity, new Date(NaN), {}, null, true]) {
    t.is(delayOf({}, 1, Object.assign(new Error('429'), { retryAfter })), 1000);
  }
});

test('a retryAfter does not add attempts', (t) => {
  t.is(delayOf({ maxAttempts: 2 }, 2, { retryAfter: 1 }), undefined);
});

for (const policy of [
  { maxAttempts: 0 },
  { maxAttempts: -1 },
  { maxAttempts: 1.5 },
  { maxAttempts: NaN },
  { maxAttempts: '3' as never },
  { backoff: 0.5 },
  { backoff: NaN },
  { backoff: Infinity },
  { jitter: -0.1 },
  { jitter: 1.1 },
  { jitter: NaN },
  { initialInterval: -1 },
  { initialInterval: 'soon' },
  { maxInterval: Infinity },
  { maxInterval: '' },
] satisfies readonly RetryPolicy[]) {
  const [option, value] = Object.entries<unknown>(policy)[0]!;
  test(`${option}: ${inspect(value)} is refused by name`, (t) => {
    const error = t.throws(() => normalizeRetryPolicy(policy), { instanceOf: ValueError });

    t.is(error.code, 'INVALID_ARGUMENT');
    t.true(error.message.startsWith(`retry.${option} `), error.message);
  });
}
