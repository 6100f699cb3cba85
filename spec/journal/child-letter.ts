import test from 'ava';
import { lettersOf } from '../../source/journal/child-letter.js';
import type { EventBody, RunEvent } from '../../source/journal/event.js';
import type { RunStatus } from '../../source/journal/status.js';

const eventOf = (seq: number, body: EventBody): RunEvent => ({ seq, batch: seq, epoch: 0, at: 10 + seq, ...body });
const output = (seq: number, index: number): RunEvent =>
  eventOf(seq, { type: 'output-emitted', index, digest: 'd', payload: `"${index}"` });
const completed = eventOf(3, { type: 'run-completed', index: 2 });

/** What a parent hears of events, and when. */
const heard = (link: number, events: readonly RunEvent[], status?: RunStatus): readonly unknown[] =>
  lettersOf({ link, ...(status === undefined ? {} : { status: { status, at: 20 } }) }, events).map(({ letter, at }) => [
    JSON.parse(letter) as unknown,
    at,
  ]);

test('a parent hears of each output and of the end, each at its instant, and of nothing else', (t) => {
  const events = [
    eventOf(0, { type: 'started', payload: '1' }),
    output(1, 0),
    eventOf(2, { type: 'cancel-requested' }),
    completed,
  ];

  t.deepEqual(heard(0, events, 'completed'), [
    [{ type: 'emitted', place: 0, payload: '"0"' }, 11],
    [{ type: 'completed' }, 13],
  ]);
});

for (const status of ['failed', 'cancelled', 'terminated'] as const) {
  test(`a parent is told why its child is ${status}`, (t) => {
    const end = eventOf(1, { type: `run-${status}`, payload: '"why"' });

    t.deepEqual(heard(0, [end], status), [[{ type: status, payload: '"why"' }, 11]]);
  });
}

test('a parent hears nothing of an end after which the run goes on', (t) => {
  const failed = eventOf(1, { type: 'run-failed', payload: '"why"' });
  const continued = eventOf(1, { type: 'run-continued', payload: '2' });

  t.deepEqual(heard(0, [failed], 'waiting'), [], 'its retry policy sends it back');
  t.deepEqual(heard(0, [failed]), []);
  t.deepEqual(heard(0, [continued], 'running'), [], 'there is a next link');
});

test('outputs of a later link have later places, whatever the links before it gave', (t) => {
  const places = [0, 1, 2].flatMap((link) =>
    lettersOf({ link }, [output(1, 0), output(2, 1)]).map(
      ({ letter }) => (JSON.parse(letter) as { readonly place: number }).place,
    ),
  );

  t.deepEqual(
    places,
    [...new Set(places)].sort((one, other) => one - other),
  );
  t.is(places.length, 6);
  t.true(places.every(Number.isSafeInteger));
});
