import { openSync, writeSync, closeSync } from 'node:fs';
import test from 'ava';
import Database from 'libsql';
import type { Observable } from 'rxjs';
import { activity, workflow } from '../../source/index.js';
import { checkDatabase } from '../../source/client/check.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { engineOf } from '../_support/engine.js';
import { sealed } from '../_support/sealed.js';
import { databaseOf } from '../_support/folder.js';
import { newRun, output, own } from '../_support/journals.js';

const flow = workflow('flow', (n$: Observable<number>) =>
  n$.pipe(
    activity('a', (n: number) => n + 1),
    activity('b', (n: number) => 'b'.repeat(n * 3000)),
  ),
);

test('nothing is found where all is well, in memory and in a file, deep or not', async (t) => {
  for (const url of [':memory:', databaseOf(t)]) {
    const journal = await openJournal({ url });
    t.teardown(() => journal.close());
    await own(journal);
    await journal.start(newRun('run'));
    await journal.commit({ runId: 'run', link: 0, events: [output(1)], status: { status: 'waiting', at: 1 } });
    t.deepEqual(await checkDatabase(journal), []);
    t.deepEqual(await checkDatabase(journal, { deep: true }), []);
  }
});

test('an engine is checked while it is at work', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows: [flow] });
  const runs = await Promise.all(Array.from({ length: 20 }, (_, n) => tempolite.start(flow, n % 3)));

  const [findings] = await Promise.all([tempolite.check(), ...runs.map((run) => clock.until(run.result()))]);

  t.deepEqual(findings, []);
});

test('an event that is missing and one that was changed are found, with their runs', async (t) => {
  const url = databaseOf(t);
  const journal = await openJournal({ url, ...sealed() });
  t.teardown(() => journal.close());
  await own(journal);
  for (const id of ['good', 'gap', 'changed']) {
    await journal.start(newRun(id));
    await journal.commit({ runId: id, link: 0, events: [output(1), output(2)], status: { status: 'running', at: 1 } });
  }
  const database = new Database(url.slice('file:'.length), { timeout: 5000 });
  t.teardown(() => database.close());
  database.exec(`DELETE FROM tempolite_events WHERE run = 2 AND seq = 1;
    UPDATE tempolite_events SET payload = '~aes=k1:AAAA' WHERE run = 3 AND seq = 2`);

  const findings = await checkDatabase(journal);

  t.deepEqual([...new Set(findings.map(({ runId }) => runId))], ['gap', 'changed']);
  t.regex(findings[0]?.what ?? '', /event 1 has seq 2/);
  t.regex(findings.at(-1)?.what ?? '', /PAYLOAD_CORRUPT/);
});

test('a damaged page is found', async (t) => {
  const first = await engineOf(t, { workflows: [flow] });
  const path = first.url.slice('file:'.length);
  for (let n = 0; n < 5; n += 1) await first.clock.until((await first.tempolite.start(flow, 2)).result());
  const database = new Database(path, { timeout: 5000 });
  const pages = database
    .prepare("SELECT pageno FROM dbstat WHERE name = 'tempolite_events' AND pagetype = 'leaf'")
    .raw(true)
    .all([])
    .flat();
  database.close();
  t.true(pages.length > 0);
  const sound = databaseOf(t).slice('file:'.length);
  await first.tempolite.backup(sound);
  const damaged = new Database(sound, { timeout: 5000 });
  const [leaf] = damaged
    .prepare("SELECT max(pageno) FROM dbstat WHERE name = 'tempolite_events' AND pagetype = 'leaf'")
    .raw(true)
    .all([])
    .flat();
  damaged.close();
  const file = openSync(sound, 'r+');
  writeSync(file, Buffer.alloc(200, 0xff), 0, 200, (Number(leaf) - 1) * 4096 + 8);
  closeSync(file);

  const journal = await openJournal({ url: `file:${sound}` });
  t.teardown(() => journal.close());

  t.true((await checkDatabase(journal)).some(({ runId }) => runId === undefined));
});
