import test from 'ava';
import {
  firstValueFrom,
  identity,
  ignoreElements,
  map,
  merge,
  mergeMap,
  NEVER,
  of,
  race,
  timer,
  type Observable,
} from 'rxjs';
import { dryReplay } from '../../source/engine/dry-replay.js';
import { getVersion, sideEffect, sleep, versioned, workflow } from '../../source/index.js';
import type { RunEvent } from '../../source/journal/event.js';
import type { RunRecord } from '../../source/journal/run-record.js';
import { performed, type Body } from '../_support/performed.js';

const record: RunRecord = {
  id: 'run',
  workflow: 'w',
  version: 1,
  status: 'running',
  priority: 0,
  tags: {},
  inputDigest: '',
  createdAt: 1000,
  updatedAt: 1000,
  link: 0,
};
const header = { batch: 0, epoch: 0, at: 1000 };
const events: readonly RunEvent[] = [
  { ...header, seq: 0, type: 'started', payload: '1' },
  { ...header, seq: 1, batch: 1, type: 'output-emitted', index: 0, digest: 'of another value', payload: '2' },
];

for (const [how, body, history] of [
  ['differs', (n$: Observable<number>) => n$, events],
  [
    'comes to the end of what is recorded',
    (n$: Observable<number>) => n$.pipe(sideEffect('s', (n) => n)),
    [events[0]!],
  ],
  [
    'breaks a rule',
    (n$: Observable<number>) =>
      n$.pipe(
        mergeMap(() =>
          of(1).pipe(
            map(() => {
              throw new Error('no');
            }),
          ),
        ),
      ),
    events,
  ],
] as const) {
  test(`a replay that ${how} answers outside its turns: who awaits it has the machine's time again`, async (t) => {
    await dryReplay(record, workflow('w', body), history);

    t.true(Date.now() > 1_000_000);
    t.is(await firstValueFrom(timer(1)), 0);
  });
}

test('a fork that has a part of the commit in which a version was chosen is replayed as it goes on', async (t) => {
  const body: Body = () => merge(race(getVersion('way', 0, 1), of('first')), NEVER);
  const { run, events } = await performed(body);
  const ofFork = events.filter(({ type }) => type === 'started' || type === 'output-emitted');
  t.is(events.length, ofFork.length + 1);

  const { error } = await dryReplay(run, workflow('play', body), ofFork);

  t.is(error, undefined);
});

test('a run that has ended is past whatever its last turn came to', async (t) => {
  const old: Body = (n$) => n$.pipe(sleep(1), ignoreElements());
  const { run, events } = await performed(old);
  t.is(events.at(-1)?.type, 'run-completed');
  const branches = { 0: identity, 1: sleep<number>(1) };
  const today: Body = (n$) => n$.pipe(sleep(1), versioned('way', branches), ignoreElements());

  const { error } = await dryReplay(run, workflow('play', today), events);

  t.is(error, undefined);
});
