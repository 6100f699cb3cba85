import test from 'ava';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { ValueError } from '../../source/errors.js';
import { duration } from '../../source/values/duration.js';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

for (const [text, ms] of [
  ['250ms', 250],
  ['0 ms', 0],
  ['1 second', second],
  ['1.5s', 1500],
  ['90 sec', 90 * second],
  ['2 minutes', 2 * minute],
  ['1h 30m', hour + 30 * minute],
  ['1 hour, 5 minutes and 3 seconds', hour + 5 * minute + 3 * second],
  ['7 days', 7 * day],
  [' 2 weeks ', 14 * day],
] as const) {
  test(`'${text}' is ${ms} ms`, (t) => {
    t.is(duration(text), ms);
  });
}

test('a number is milliseconds', (t) => {
  fc.assert(
    fc.property(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), (ms) => {
      t.is(duration(ms), ms);
    }),
  );
});

test('whole numbers of a unit are exact', (t) => {
  fc.assert(
    fc.property(
      fc.nat(10_000),
      fc.constantFrom<[string, number][]>(['ms', 1], ['s', second], ['m', minute], ['h', hour], ['d', day]),
      (n, [unit, ms]) => {
        t.is(duration(`${n}${unit}`), n * ms);
      },
    ),
  );
});

for (const bad of [
  '',
  ' ',
  '7',
  'soon',
  '-1s',
  '3 blinks',
  '1h 3 blinks',
  '1h 30',
  '1,000 ms',
  'Infinity',
  '1s!',
  '1 constructor',
]) {
  test(`'${bad}' is no duration`, (t) => {
    const error = t.throws(() => duration(bad), { instanceOf: ValueError });

    t.is(error.code, 'INVALID_ARGUMENT');
    t.true(error.message.includes(`not '${bad}'`), error.message);
  });
}

for (const bad of [-1, NaN, Infinity, -Infinity, null, undefined, true, {}, 5n]) {
  test(`${inspect(bad)} is no duration`, (t) => {
    t.is(t.throws(() => duration(bad as never), { instanceOf: ValueError }).code, 'INVALID_ARGUMENT');
  });
}

test('the message names the option', (t) => {
  t.regex(t.throws(() => duration('later', 'retry.maxInterval')).message, /^retry\.maxInterval is milliseconds/);
});
