import { join } from 'node:path';
import test from 'ava';
import type { Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, Tempolite, workflow } from '../../source/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { fill, smallDisk } from '../_support/disks.js';
import { deferred } from '../_support/engine.js';
import { listening } from '../_support/listening.js';

const go = defineSignal<string>('go');

test('a full disk refuses who asks, keeps what has happened, and all goes on by itself when there is room (scenario 35)', async (t) => {
  const folder = smallDisk(t, 1024);
  if (folder === undefined) return;
  const url = `file:${join(folder, 'runs.db')}`;
  const gate = deferred();
  let calls = 0;
  const large = workflow('large', (text$: Observable<string>) =>
    text$.pipe(
      activity('large', async (text: string) => {
        calls += 1;
        await gate.promise;
        return text.repeat(50_000);
      }),
      awaitSignal(go, (word, text) => `${word} ${text.length}`),
    ),
  );
  const ear = listening();
  const tempolite = await Tempolite.open({
    url,
    workflows: [large],
    logger: ear.logger,
    commitRetryMs: 20,
    closeTimeoutMs: 0,
  });
  t.teardown(() => tempolite.close());
  const run = await tempolite.start(large, 'x', { id: 'run' });

  const makeRoom = fill(folder);
  const refused = ear.next(({ text }) => text === 'the journal refused a commit; trying again');
  gate.resolve();
  t.like(await refused, { code: 'JOURNAL_FULL', runId: 'run' });
  const another = tempolite.start(large, 'x'.repeat(50_000), { id: 'too much' });
  const error = await t.throwsAsync(another, { code: 'JOURNAL_FULL' });
  t.regex(error.message, /runs\.db.*free some space/);
  t.is((await tempolite.list()).length, 1, 'it can be read');
  makeRoom();
  await run.signal(go, 'at last');

  t.is(await run.result(), 'at last 50000');
  t.is(calls, 1);
  await tempolite.close();
  t.deepEqual(await faultsOf(url), []);
});

test('a database on a full disk is not opened, and is whole when there is room (scenario 35)', async (t) => {
  const folder = smallDisk(t, 1024);
  if (folder === undefined) return;
  const url = `file:${join(folder, 'runs.db')}`;
  const waiting = workflow('waiting', (n$: Observable<number>) =>
    n$.pipe(awaitSignal(go, (word, n) => `${word} ${n}`)),
  );
  const options = { url, workflows: [waiting], closeTimeoutMs: 0 };
  const before = await Tempolite.open(options);
  await before.start(waiting, 1, { id: 'run' });
  await before.close();

  const makeRoom = fill(folder);
  await t.throwsAsync(Tempolite.open(options), { code: 'JOURNAL_FULL' });
  await t.throwsAsync(Tempolite.open({ url: `file:${join(folder, 'other.db')}` }), { code: 'JOURNAL_FULL' });
  makeRoom();
  const after = await Tempolite.open(options);
  t.teardown(() => after.close());
  await after.run('run').signal(go, 'hello');

  t.is(await after.run('run', waiting).result(), 'hello 1');
  await after.close();
  t.deepEqual(await faultsOf(url), []);
});
