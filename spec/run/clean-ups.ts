import test from 'ava';
import { CleanUps } from '../../source/run/clean-ups.js';

test('nothing is pending before anything has begun', (t) => {
  const cleanUps = new CleanUps();

  t.false(cleanUps.pending);
  t.deepEqual(cleanUps.failures, []);
});

test('clean-up is pending until all of it is over', (t) => {
  const cleanUps = new CleanUps();
  const first = cleanUps.begin();
  const second = cleanUps.begin();

  first();
  t.true(cleanUps.pending);
  second();

  t.false(cleanUps.pending);
});

test('a piece of clean-up is over once', (t) => {
  const cleanUps = new CleanUps();
  const first = cleanUps.begin();
  cleanUps.begin();

  first();
  first({ error: 'too late' });

  t.true(cleanUps.pending);
  t.deepEqual(cleanUps.failures, []);
});

test('what gave up is kept in order', (t) => {
  const cleanUps = new CleanUps();
  const [first, second, third] = [cleanUps.begin(), cleanUps.begin(), cleanUps.begin()];

  second({ error: 'second' });
  third();
  first({ error: undefined });

  t.false(cleanUps.pending);
  t.deepEqual(cleanUps.failures, ['second', undefined]);
});

test('cutting off ends what is pending, and says so once', (t) => {
  const cleanUps = new CleanUps();
  cleanUps.begin();

  cleanUps.cutOff('too long');
  cleanUps.cutOff('once more');

  t.false(cleanUps.pending);
  t.deepEqual(cleanUps.failures, ['too long']);
});

test('cutting off means nothing when all is over', (t) => {
  const cleanUps = new CleanUps();
  cleanUps.begin()();

  cleanUps.cutOff('too long');

  t.deepEqual(cleanUps.failures, []);
});
