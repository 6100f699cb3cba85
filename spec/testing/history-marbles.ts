import test from 'ava';
import fc from 'fast-check';
import type { RunEvent } from '../../source/journal/event.js';
import { happeningsOf, parseHistoryMarbles, sortHappenings } from '../../source/testing/history-marbles.js';
import { historyMarbles } from '../../source/testing/index.js';

const body = fc.oneof(
  fc.record({
    type: fc.constant('activity-completed'),
    key: fc.constantFrom('activity:a#0', 'activity:b#7'),
    payload: fc.json(),
  }),
  fc.record({ type: fc.constant('timer-fired'), key: fc.constant('timer:rxjs#1'), index: fc.constant(0) }),
  fc.record({ type: fc.constant('output-emitted'), payload: fc.json(), index: fc.constant(0) }),
  fc.record({
    type: fc.constant('activity-attempt-failed'),
    key: fc.constant('activity:a#2'),
    index: fc.nat({ max: 5 }),
  }),
);

const gap = fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 100 }), fc.constantFrom(1000, 60_000, 86_400_000));

test('what is drawn says what happened: read again, it is the same', (t) => {
  t.notThrows(() => {
    fc.assert(
      fc.property(fc.array(fc.tuple(body, gap), { maxLength: 60 }), (steps) => {
        let at = 5;
        const started = { type: 'started', seq: 0, batch: 0, epoch: 0, at, payload: '1' };
        const rest = steps.map(([each, pause], n) => ({
          ...each,
          seq: n + 1,
          batch: n + 1,
          epoch: 0,
          at: (at += pause),
        }));
        const events = [started, ...rest] as unknown as readonly RunEvent[];

        const read = sortHappenings(parseHistoryMarbles(historyMarbles(events)));

        // Within a row and a frame a diagram keeps the order too.
        t.deepEqual(read, sortHappenings(happeningsOf(events)));
      }),
    );
  });
});

test('gaps are drawn frame by frame when they are short, as a time when they are long', (t) => {
  const at = (seq: number, frame: number): RunEvent => ({
    type: 'timer-fired',
    key: 'timer:rxjs#0',
    digest: '',
    index: frame,
    seq,
    batch: seq,
    epoch: 0,
    at: frame,
  });
  const drawn = historyMarbles([
    { type: 'started', payload: '1', seq: 0, batch: 0, epoch: 0, at: 0 },
    at(1, 3),
    at(2, 3),
    at(3, 5),
    at(4, 120_007),
  ]);

  t.is(
    drawn,
    ['input       a', 'timer:rxjs  ---(bb) 2m b', 'timer:rxjs  -----b', 'where', '  a = 1', '  b = fired'].join('\n'),
  );
});
