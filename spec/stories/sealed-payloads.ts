import { randomBytes } from 'node:crypto';
import test from 'ava';
import Database from 'libsql';
import { catchError, concatMap, ignoreElements, mergeMap, of, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  childWorkflow,
  compress,
  continueAsNew,
  defineSignal,
  encrypt,
  expose,
  finalizeWith,
  saga,
  sideEffect,
  step,
  transaction,
  workflow,
} from '../../source/index.js';
import { crashScene } from '../../source/testing/crash-everywhere.js';
import type { Scene } from '../../source/testing/scene.js';
import { digest } from '../../source/values/digest.js';
import { childPlays } from '../_support/child-plays.js';
import { codeOf } from '../_support/code-of.js';
import { engineOf } from '../_support/engine.js';
import { fileOf } from '../_support/file-of.js';
import { databaseOf } from '../_support/folder.js';
import { plays } from '../_support/plays.js';
import { sagaPlays } from '../_support/saga-plays.js';
import { bytesOf, sealed } from '../_support/sealed.js';

const go = defineSignal<string>('go');
const [k1, k2] = [randomBytes(32), randomBytes(32)];

/** Stands in every value that a run has to do with. */
const marker = 'MARKER-4111-1111';
const large = marker.repeat(5000);

const child = workflow('child', (text$: Observable<string>) =>
  text$.pipe(mergeMap((text) => of(`${text} one`, `${text} two`))),
);
const everything = workflow('everything', (text$: Observable<string>) =>
  text$.pipe(
    activity('large', (text: string) => ({ text, large })),
    sideEffect('aside', ({ text }) => `${text} aside`),
    expose('seen'),
    saga(
      'trip',
      step(
        'book',
        (text: string) => `${text} booked`,
        () => marker,
      ),
      step('pay', (): string => {
        throw new Error(`${marker} is refused`);
      }),
    ),
    catchError((error: unknown) => of(`${marker} ${String(error)}`)),
    childWorkflow(child),
    transaction('own', () => [{ sql: "SELECT 'MAR' || 'KER-4111-1111' AS text" }]),
    concatMap((_, n) => (n === 0 ? of(marker) : of())),
    awaitSignal(go),
    mergeMap((text) => (text === 'on' ? continueAsNew(marker) : of(text))),
    finalizeWith('tidy', () => marker),
  ),
);
const failing = workflow('failing', (text$: Observable<string>) =>
  text$.pipe(
    activity(
      'fails',
      (text: string, context): string => {
        context.heartbeat(marker);
        throw new Error(`${text} ${large}`);
      },
      { retry: { maxAttempts: 2, initialInterval: '1 second' } },
    ),
  ),
);

test('nothing of any payload is in the files, whatever a run does, and its digests are not, either', async (t) => {
  const url = databaseOf(t);
  const path = fileOf(url);
  const options = { workflows: [everything, failing, child], url, ...sealed() };
  const { tempolite, clock } = await engineOf(t, options);
  const run = await tempolite.start(everything, marker, { id: 'run' });
  const failed = await tempolite.start(failing, marker, { id: 'failed' });
  await clock.until(failed.resultEither()());
  await clock.settle();
  const fork = await run.fork(2, { id: 'fork' });
  await run.signal(go, 'on');
  await clock.settle();
  await run.signal(go, `${marker} signalled`);
  await fork.signal(go, large);

  t.is(await clock.until(run.result()), `${marker} signalled`);
  t.is(await clock.until(fork.result()), large);

  const bytes = bytesOf(path);
  t.true(bytes.includes('everything') && bytes.includes('~aes=k1:'), 'the files were read');
  t.false(bytes.includes('4111'));
  t.false(bytes.includes(Buffer.from(marker).toString('base64').slice(2, -4)));
  for (const text of [marker, large]) t.false(bytes.includes(digest(JSON.stringify(text))));
  const database = new Database(path);
  t.teardown(() => database.close());
  const count = (table: string): unknown =>
    database.prepare(`SELECT count(*) FROM tempolite_${table}`).raw(true).all([]).flat()[0];
  for (const table of ['events', 'inbox', 'exposed', 'big_payloads']) t.true(Number(count(table)) > 0, table);
});

/** One of each kind of what may happen. */
const sealedPlays: Readonly<Record<string, Scene | undefined>> = {
  'failed attempts and their retries': plays['failed attempts and their retries'],
  'a child with links': childPlays['a child with links'],
  'letters move along': childPlays['letters move along'],
  'the third of three steps fails': sagaPlays['the third of three steps fails'],
};
for (const [name, scene] of Object.entries(sealedPlays)) {
  test(`sealed, ${name}: a crash anywhere changes nothing`, async (t) => {
    if (!scene) throw new Error('there is no such play');

    const { points } = await crashScene({ ...scene, database: sealed() }, { pairs: 0 });

    t.true(points > 10);
  });
}

const waiting = workflow('waiting', (text$: Observable<string>) =>
  text$.pipe(
    activity('shout', (text: string) => text.toUpperCase()),
    awaitSignal(go, (more, text) => `${text} ${more}`),
    awaitSignal(go, (more, text) => `${text} ${more}`),
  ),
);
const keysOf = (keys: Readonly<Record<string, Uint8Array>>, use: string) => ({
  workflows: [waiting],
  payloads: [compress(), encrypt({ keys, use })],
});

test('a run lives through a change of keys', async (t) => {
  const first = await engineOf(t, keysOf({ k1, k2 }, 'k1'));
  await first.tempolite.start(waiting, 'a', { id: 'run' });
  await first.clock.settle();
  await first.tempolite.close();
  const second = await engineOf(t, { ...keysOf({ k1, k2 }, 'k2'), url: first.url });
  const run = second.tempolite.run('run', waiting);
  await run.signal(go, 'b');
  await second.clock.settle();
  await second.tempolite.close();
  const third = await engineOf(t, { ...keysOf({ k2, k1 }, 'k1'), url: first.url });

  await third.tempolite.run('run').signal(go, 'c');

  t.is(await third.clock.until(third.tempolite.run('run').result()), 'A b c');
});

test('an encrypted database is not opened without its keys; with them its runs go on as if nothing had been', async (t) => {
  const first = await engineOf(t, keysOf({ k1 }, 'k1'));
  await first.tempolite.start(waiting, 'a', { id: 'run' });
  await first.clock.settle();
  await first.tempolite.close();

  for (const options of [{ workflows: [waiting] }, keysOf({ k2 }, 'k2'), keysOf({ k1: k2 }, 'k1')])
    await t.throwsAsync(engineOf(t, { ...options, url: first.url }), { code: 'PAYLOAD_KEY_MISSING' });

  const second = await engineOf(t, { ...keysOf({ k1 }, 'k1'), url: first.url });
  const run = second.tempolite.run('run');
  await run.signal(go, 'b');
  await run.signal(go, 'c');
  t.is(await second.clock.until(run.result()), 'A b c');
});

test('a payload that cannot be read keeps its run waiting, and hurts no other one', async (t) => {
  const errors: unknown[] = [];
  const logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (fields: object) => errors.push(fields),
  };
  const options = { ...keysOf({ k1 }, 'k1'), parkAfterMs: 0, evictAfterMs: 0, commitRetryMs: 1000, logger };
  const { tempolite, clock, url } = await engineOf(t, options);
  const [bad, good] = [await tempolite.start(waiting, marker, { id: 'bad' }), await tempolite.start(waiting, 'a')];
  await clock.settle();
  t.is(tempolite.worker.residents.size, 0, 'they have left memory');
  const database = new Database(fileOf(url), { timeout: 5000 });
  t.teardown(() => database.close());
  const ofShout = `type = 'activity-completed' AND run = (SELECT num FROM tempolite_runs WHERE id = 'bad')`;
  const [payload] = database.prepare(`SELECT payload FROM tempolite_events WHERE ${ofShout}`).raw(true).all([]).flat();
  const swap = (text: string) =>
    database.prepare(`UPDATE tempolite_events SET payload = ? WHERE ${ofShout}`).run([text]);
  swap(String(payload).replace('k1:', 'k1:AAAA'));

  for (const run of [bad, good]) for (const more of ['b', 'c']) await run.signal(go, more);

  t.is(await clock.until(good.result()), 'A b c');
  await clock.advance('1 minute');
  t.is((await tempolite.list({ status: ['waiting', 'running'] }))[0]?.id, 'bad');
  t.true(errors.length > 1);
  t.true(errors.every((fields) => codeOf(Reflect.get(Object(fields), 'error')) === 'PAYLOAD_CORRUPT'));
  t.notRegex(JSON.stringify(errors.map((fields) => String(Reflect.get(Object(fields), 'error')))), /MARKER/);
  const seen = new Promise((resolve) => {
    bad.events$.pipe(ignoreElements()).subscribe({ error: resolve });
  });
  t.is(codeOf(await seen), 'PAYLOAD_CORRUPT');

  swap(String(payload));
  t.is(await clock.until(bad.result()), `${marker} b c`);
});
