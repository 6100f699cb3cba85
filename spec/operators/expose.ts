import test from 'ava';
import * as io from 'io-ts';
import {
  concat,
  defer,
  EMPTY,
  from,
  map,
  mergeMap,
  NEVER,
  of,
  range,
  scan,
  take,
  throwError,
  type Observable,
} from 'rxjs';
import { activity, expose, sleep, workflow } from '../../source/index.js';
import { takes, TestEngine } from '../../source/testing/index.js';
import { crashed, performed, recorded, type Body } from '../_support/performed.js';

/** What the run has published at its end. */
const exposedBy = async (body: Body): Promise<{ readonly outputs: unknown; readonly exposed: unknown }> => {
  const played = workflow('play', body);
  const engine = await TestEngine.open({ workflows: [played], maxPayloadBytes: 1000 });
  const run = await engine.start(played, 3);
  await engine.advance('1 day');
  const exposed = (await engine.journal.exposed(run.id)).map(({ name, payload }) => [
    name,
    JSON.parse(payload) as unknown,
  ]);
  const outputs = await run.outputs();
  await engine.close();
  return { outputs, exposed: Object.fromEntries(exposed) };
};

test('values pass by, the latest one is published, and the history knows nothing of it', async (t) => {
  const body: Body = () => from(['a', 'b']).pipe(expose('letter'));

  t.deepEqual(await exposedBy(body), { outputs: ['a', 'b'], exposed: { letter: 'b' } });
  t.deepEqual(recorded(await performed(body)), []);
});

test('an empty source and one that never emits publish nothing', async (t) => {
  t.deepEqual(await exposedBy(() => EMPTY.pipe(expose('nothing'))), { outputs: [], exposed: {} });
  t.deepEqual(await exposedBy(() => NEVER.pipe(expose('nothing'))), { outputs: [], exposed: {} });
});

test('what was published before an error stays published', async (t) => {
  const body: Body = () =>
    concat(
      of(1),
      defer(() => throwError(() => new Error('no more'))),
    ).pipe(expose('last'));

  t.deepEqual((await exposedBy(body)).exposed, { last: 1 });
  t.is(((await performed(body)).error as Error).message, 'no more');
});

test('of a thousand values at once the last one is published', async (t) => {
  t.deepEqual((await exposedBy(() => range(0, 1000).pipe(expose('n')))).exposed, { n: 999 });
});

test('unsubscribing ends it', async (t) => {
  t.deepEqual(await exposedBy(() => range(0, 10).pipe(expose('n'), take(2))), { outputs: [0, 1], exposed: { n: 1 } });
});

for (const [what, body, code] of [
  ['is too large', () => of('x'.repeat(1001)).pipe(expose('x')), 'PAYLOAD_TOO_LARGE'],
  ['cannot be written down', () => of(() => 1).pipe(expose('x')), 'INVALID_VALUE'],
  ['does not fit its codec', () => of('a' as unknown as number).pipe(expose('x', io.number)), 'DECODE_FAILED'],
] as const satisfies readonly (readonly [string, () => Observable<unknown>, string])[]) {
  test(`a value that ${what} fails the run, and is not published`, async (t) => {
    const played = workflow('play', body as Body);
    const engine = await TestEngine.open({ workflows: [played], maxPayloadBytes: 1000 });
    const run = await engine.start(played, 3);

    await t.throwsAsync(run.result(), { code });
    t.deepEqual(await engine.journal.exposed(run.id), []);
    await engine.close();
  });
}

test('a name that is none is refused', (t) => {
  t.throws(() => expose('a#b'), { code: 'INVALID_ARGUMENT' });
});

const encoding: Body = (n$) =>
  n$.pipe(
    mergeMap((n) => range(0, n)),
    activity('encode', (n: number) => n),
    scan((done) => done + 1, 0),
    expose('done'),
    sleep('1 hour'),
    map((done) => `${done}`),
    expose('slept'),
  );

test('a crash anywhere changes nothing', async (t) => {
  t.true((await crashed(encoding, { activities: { encode: takes('2 seconds', (n: number) => n) } })) > 30);
});

test('killed at any commit, it has published at the end what it would have', async (t) => {
  const played = workflow('play', encoding);
  for (let append = 1; append <= 12; append += 1) {
    for (const fault of ['dies-before', 'dies-after'] as const) {
      const engine = await TestEngine.open({ workflows: [played], faults: [{ append, fault }] });
      await engine.tempolite.start(played, 3, { id: 'run' }).catch(() => undefined);
      await engine.advance('10 minutes');
      await engine.crash();
      if (!(await engine.journal.run('run'))) await engine.start(played, 3, { id: 'run' });
      await engine.run('run', played).result();

      t.deepEqual(
        (await engine.journal.exposed('run')).map(({ name, payload }) => `${name} ${payload}`),
        ['done 3', 'slept "3"'],
        `${fault} ${append}`,
      );
      await engine.close();
    }
  }
});
