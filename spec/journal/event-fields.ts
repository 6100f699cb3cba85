import * as E from 'fp-ts/lib/Either.js';
import test from 'ava';
import { eventCodec } from '../../source/journal/event-fields.js';

const header = { link: 0, seq: 1, batch: 1, epoch: 0, at: 5 };

test('an event has what its type has, and other fields are dropped', (t) => {
  const event = { type: 'activity-emitted', ...header, key: 'activity:a#0', digest: 'd', index: 0, payload: '1' };

  t.deepEqual(eventCodec(event.type)?.decode({ ...event, more: 1 }), E.right(event));
});

test('a field that is missing, or of another kind, is refused', (t) => {
  const event: Readonly<Record<string, unknown>> = {
    type: 'activity-failed',
    ...header,
    key: 'k',
    digest: 'd',
    index: 1,
    payload: '1',
  };
  for (const field of Object.keys(event)) {
    t.true(E.isLeft(eventCodec('activity-failed')?.decode({ ...event, [field]: undefined }) ?? E.right(1)), field);
    t.true(E.isLeft(eventCodec('activity-failed')?.decode({ ...event, [field]: {} }) ?? E.right(1)), field);
  }
  t.true(E.isLeft(eventCodec('activity-failed')?.decode({ ...event, seq: -1 }) ?? E.right(1)));
});

test('what may be missing may be missing', (t) => {
  const completed = { type: 'activity-completed', ...header, key: 'k', digest: 'd' };
  t.deepEqual(eventCodec(completed.type)?.decode(completed), E.right(completed));
  const ended = { type: 'run-completed', ...header };
  t.deepEqual(eventCodec(ended.type)?.decode(ended), E.right(ended));
});

test('there is no codec for what is no event', (t) => {
  for (const type of ['run', 'toString', '', undefined, 7]) t.is(eventCodec(type), undefined);
});
