import test from 'ava';
import type { SignalRecord } from '../../source/journal/journal.js';
import { Mailbox } from '../../source/run/mailbox.js';

const signal = (id: number, at: number): SignalRecord => ({ id, name: 's', payload: String(id), at });

test('a signal that was taken and given back has the time at which it came', (t) => {
  const mailbox = new Mailbox();
  for (const id of [1, 2]) mailbox.arrive(signal(id, id * 10));

  mailbox.take('s');
  mailbox.giveBack(signal(1, 500));

  t.deepEqual(mailbox.head('s'), signal(1, 10));
  t.deepEqual([mailbox.undated, mailbox.givenBack], [[], [1]]);
});

test('a signal of which only the consumption is known has no time of its own until it arrives', (t) => {
  const mailbox = new Mailbox();

  mailbox.giveBack(signal(1, 500));
  mailbox.giveBack(signal(1, 700));
  t.deepEqual(mailbox.undated, [1]);

  t.false(mailbox.arrive(signal(1, 10)), 'it is no news');
  t.deepEqual(mailbox.head('s'), signal(1, 10));
  t.deepEqual(mailbox.undated, []);
});

test('a signal that was given back is there once, however often and late it is heard of', (t) => {
  const mailbox = new Mailbox();
  mailbox.giveBack(signal(1, 500));

  for (const at of [10, 10]) mailbox.arrive(signal(1, at));

  t.deepEqual(mailbox.take('s'), signal(1, 10));
  t.is(mailbox.head('s'), undefined);
});

test('nothing waits in a mailbox whose only signal was consumed by its record', (t) => {
  const mailbox = new Mailbox();
  mailbox.arrive(signal(1, 10));

  mailbox.consumed(1, 's');

  t.false(mailbox.has('s'));
  t.false(mailbox.arrive(signal(1, 10)));
});
