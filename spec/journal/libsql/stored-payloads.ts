import test from 'ava';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { opened } from '../../_support/connections.js';
import { databaseOf } from '../../_support/files.js';
import { newRun, output, own } from '../../_support/journals.js';
import { JournalError } from '../../../source/errors.js';

const big = JSON.stringify('x'.repeat(70_000));

test('what is big is stored once, however many rows have it, and read as it was', async (t) => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  await own(journal);
  await journal.start(newRun('a', { input: big }));
  await journal.start(newRun('b', { input: big }));
  await journal.commit({ runId: 'a', link: 0, events: [output(1, { payload: big }), output(2)] });
  const { signal } = await journal.signal({ runId: 'a', name: 's', payload: big, at: 1 });

  const connection = opened(t, path);
  t.is(connection.all('SELECT count(*) FROM tempolite_big_payloads')[0]?.[0], 1);
  t.deepEqual(connection.all('SELECT max(length(payload)) FROM tempolite_events')[0], [45]);
  t.deepEqual(await journal.events('a', 0, 1, 9), [output(1, { payload: big }), output(2)]);
  t.deepEqual(
    (await journal.tail(0, 1)).map(({ event }) => 'payload' in event && event.payload),
    [big],
  );
  t.like(await journal.last('b', 0), { payload: big });
  t.is(signal.payload, big);
  t.deepEqual((await journal.inbox('a')).signals, [signal]);
});

test('a page of big payloads is read without one text of them all', async (t) => {
  const journal = await openJournal({ bigPayloadBytes: 0 });
  t.teardown(() => journal.close());
  await own(journal);
  await journal.start(newRun('run'));
  const events = Array.from({ length: 20 }, (_, n) =>
    output(n + 1, { payload: JSON.stringify(String(n).repeat(900_000)) }),
  );
  await journal.commit({ runId: 'run', link: 0, events });

  t.deepEqual(await journal.events('run', 0, 1, 99), events);
});

test('a page of events is read as it was, with long payloads and with texts that look like references', async (t) => {
  const journal = await openJournal({});
  t.teardown(() => journal.close());
  await own(journal);
  await journal.start(newRun('run'));
  // Longer than one of a thousand may be for their page to be one text, and not so long that it is elsewhere.
  const texts = ['x'.repeat(20_000), '~#', '~#abc', '"~#"', 'short', ''];
  const events = texts.map((text, n) => output(n + 1, { payload: JSON.stringify(text) }));
  await journal.commit({ runId: 'run', link: 0, events: [...events, output(texts.length + 1)] });

  for (const limit of [1, 2, 7, 1000, 100_000_000])
    t.deepEqual(await journal.events('run', 0, 1, limit), [...events, output(texts.length + 1)].slice(0, limit));
});

test('what is exposed stays in its row, so that what it replaces is not kept', async (t) => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  await own(journal);
  await journal.start(newRun('run'));

  for (const text of ['a', 'b'])
    await journal.commit({
      runId: 'run',
      link: 0,
      events: [],
      exposed: [{ name: 'e', payload: JSON.stringify(text.repeat(70_000)), at: 1 }],
    });

  t.is(opened(t, path).all('SELECT count(*) FROM tempolite_big_payloads')[0]?.[0], 0);
  t.like(await journal.exposed('run'), [{ payload: JSON.stringify('b'.repeat(70_000)) }]);
});

test('a big payload that is gone is no payload that was never there', async (t) => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  await own(journal);
  await journal.start(newRun('run', { input: big }));
  opened(t, path).exec('DELETE FROM tempolite_big_payloads');

  const error = await t.throwsAsync(journal.events('run', 0, 0, 9), { instanceOf: JournalError });

  t.is(error.code, 'PAYLOAD_CORRUPT');
});

test('what a commit that is refused would have put aside is not there', async (t) => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  await own(journal);
  await journal.start(newRun('run'));

  await t.throwsAsync(journal.commit({ runId: 'run', link: 0, events: [output(0, { payload: big })] }));

  t.is(opened(t, path).all('SELECT count(*) FROM tempolite_big_payloads')[0]?.[0], 0);
});
