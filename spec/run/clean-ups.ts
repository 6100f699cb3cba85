import test from 'ava';
import { CleanUps } from '../../source/run/clean-ups.js';

test('it is pending until each piece that began is over', (t) => {
  const cleanUps = new CleanUps();
  t.false(cleanUps.pending);

  const [first, second] = [cleanUps.begin(), cleanUps.begin()];
  first();
  t.true(cleanUps.pending);
  second();

  t.false(cleanUps.pending);
  t.deepEqual(cleanUps.failures, []);
});

test('a piece is over once, whatever is said of it later', (t) => {
  const cleanUps = new CleanUps();
  const [first] = [cleanUps.begin(), cleanUps.begin()];

  first({ error: 'gave up' });
  first();
  first({ error: 'again' });

  t.true(cleanUps.pending);
  t.deepEqual(cleanUps.failures, ['gave up']);
});

test('failures are kept in the order in which they came, whatever they are', (t) => {
  const cleanUps = new CleanUps();
  const [first, second] = [cleanUps.begin(), cleanUps.begin()];

  second({ error: undefined });
  first({ error: 'first' });

  t.deepEqual(cleanUps.failures, [undefined, 'first']);
});

test('cut off, it is not pending any more, and says so among its failures', (t) => {
  const cleanUps = new CleanUps();
  cleanUps.begin();

  cleanUps.cutOff('too long');
  cleanUps.cutOff('twice');

  t.false(cleanUps.pending);
  t.deepEqual(cleanUps.failures, ['too long']);
});

test('cutting off what is over does nothing', (t) => {
  const cleanUps = new CleanUps();
  cleanUps.begin()();

  cleanUps.cutOff('too long');

  t.deepEqual(cleanUps.failures, []);
});
