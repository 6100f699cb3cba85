import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { map, type Observable } from 'rxjs';
import { Tempolite, workflow } from '../../source/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { folderOf } from '../_support/folder.js';
import { watchFences } from '../_support/watch-fences.js';
import { program, type Program } from '../_support/program.js';

// Leases are told by the wall clock. It jumps in one of two processes, as NTP or an operator moves it.

const hourMs = 3_600_000;
const leaseMs = 60_000;
const charging = workflow('charging', (n$: Observable<number>) => n$.pipe(map((n) => `${n}`)));

interface Told {
  readonly open?: true;
  readonly began?: number;
  readonly said?: string;
  readonly shifted?: number;
}

const worker = async (t: ExecutionContext, url: string, world: string, name: string, shiftMs = 0): Promise<Program> => {
  const it = program(t, 'gated', [url, world, name, String(leaseMs)], {
    preload: 'shifted-clock',
    env: { SHIFT_MS: String(shiftMs) },
  });
  await it.said<Told>(({ open }) => open === true);
  return it;
};

const shift = async (it: Program, shiftMs: number): Promise<void> => {
  const done = it.message<Told>(({ shifted }) => shifted === shiftMs);
  it.child.send({ shiftMs });
  await done;
};

const close = async ({ child, ended }: Program): Promise<void> => {
  child.send('close');
  await ended;
};

const effectsOf = (world: string): readonly string[] => readFileSync(world, 'utf8').trim().split('\n').sort();

const setting = async (t: ExecutionContext) => {
  const folder = folderOf(t);
  const [url, world] = [`file:${join(folder, 'runs.db')}`, join(folder, 'world')];
  await watchFences(url);
  const client = await Tempolite.open({ url, worker: false });
  t.teardown(() => client.close());
  return { url, world, client };
};

test('a worker whose clock jumps an hour ahead takes over what others hold; nothing is lost or twice (scenarios 16, 35)', async (t) => {
  const { url, world, client } = await setting(t);
  const one = await worker(t, url, world, 'one');
  const run = await client.start(charging, 1, { id: 'run' });
  await one.said<Told>(({ began }) => began === 1);
  const ahead = await worker(t, url, world, 'ahead');

  await shift(ahead, hourMs);
  const taken = ahead.said<Told>(({ began }) => began === 1);
  const second = await client.start(charging, 2, { id: 'second' });
  await taken;
  const lost = one.said<Told>(({ said }) => said?.startsWith('others have taken over') === true);
  one.child.send('finish');
  await lost;
  ahead.child.send('finish');
  t.is(await run.result(), '1 charged by ahead', 'the late result was refused');
  t.regex((await second.result()) ?? '', /^2 charged by/);

  await shift(ahead, 0);
  const third = await client.start(charging, 3, { id: 'third' });
  t.regex((await third.result()) ?? '', /^3 charged by/);
  const ofRun = effectsOf(world).filter((effect) => effect.startsWith('run/'));
  t.deepEqual(ofRun, ['run/0/activity:charge#0 by ahead', 'run/0/activity:charge#0 by one'], 'the same key twice');
  await Promise.all([close(one), close(ahead), client.close()]);
  t.deepEqual(await faultsOf(url), []);
});

test('a worker whose clock jumps an hour back finishes what it holds, and time does not go back in its runs (scenarios 16, 35)', async (t) => {
  const { url, world, client } = await setting(t);
  const one = await worker(t, url, world, 'one');
  const run = await client.start(charging, 1, { id: 'run' });
  await one.said<Told>(({ began }) => began === 1);

  await shift(one, -hourMs);
  one.child.send('finish');
  t.is(await run.result(), '1 charged by one');
  const next = await client.start(charging, 2, { id: 'next' });
  t.is(await next.result(), '2 charged by one');
  await shift(one, 0);
  const last = await client.start(charging, 3, { id: 'last' });

  t.is(await last.result(), '3 charged by one');
  t.is(effectsOf(world).length, 3);
  await Promise.all([close(one), client.close()]);
  t.deepEqual(await faultsOf(url), []);
});

test('a worker whose clock is an hour behind loses its runs to one whose clock is right; nothing is lost (scenarios 16, 35)', async (t) => {
  const { url, world, client } = await setting(t);
  const behind = await worker(t, url, world, 'behind', -hourMs);
  const run = await client.start(charging, 1, { id: 'run' });
  await behind.said<Told>(({ began }) => began === 1);

  const right = await worker(t, url, world, 'right');
  await right.said<Told>(({ began }) => began === 1);
  const lost = behind.said<Told>(({ said }) => said?.startsWith('others have taken over') === true);
  behind.child.send('finish');
  await lost;
  right.child.send('finish');
  t.is(await run.result(), '1 charged by right', 'the late result was refused');
  const next = await client.start(charging, 2, { id: 'next' });

  t.regex((await next.result()) ?? '', /^2 charged by (right|behind)$/);
  await Promise.all([close(behind), close(right), client.close()]);
  t.deepEqual(await faultsOf(url), []);
});
