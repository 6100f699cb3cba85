import test from 'ava';
import { ignoreElements, map, merge, mergeMap, type Observable } from 'rxjs';
import { activity, continueAsNew, defineActivity, finalizeWith, sleep, workflow } from '../../source/index.js';
import { takes } from '../../source/testing/index.js';
import { perform } from '../../source/testing/perform.js';
import { asked, differencesInTheEnd, failures, lives, statusOf, swept } from '../_support/lives.js';

for (const [name, life] of Object.entries({ ...lives, ...failures })) {
  test(`${name} is cancelled at any time, with a crash anywhere, and cleans up once (scenarios 23, 24)`, async (t) => {
    for (const at of [1137, 2637]) {
      const cancelled = await swept(asked(life, [at, 'cancel'], [at + 200, 'cancel'], [at + 200, 'pause']), 3);

      t.is(statusOf(cancelled), 'cancelled', `cancelled at ${at}`);
    }
  });
}

const job = defineActivity<string, string>('job', { retry: { maxAttempts: 1 } }, (text) => text);
const pass = (text: string): string => text;
const fails = map((text: string): string => {
  throw new Error(`no ${text}`);
});
const tidy = finalizeWith<string>('tidy', () => undefined);
const ends: Readonly<Record<string, (text$: Observable<string>) => Observable<unknown>>> = {
  completes: (text$) => text$.pipe(activity(job), ignoreElements(), tidy),
  fails: (text$) => merge(text$.pipe(activity(job), fails), text$.pipe(sleep('1 day'))).pipe(tidy),
  'fails beside what is in flight': (text$) =>
    merge(text$.pipe(activity(job), fails), text$.pipe(activity('slow', (text: string) => text))).pipe(tidy),
  'continues as new': (text$) =>
    text$.pipe(
      activity(job),
      mergeMap(() => continueAsNew('again')),
      tidy,
    ),
};

for (const [end, body] of Object.entries(ends)) {
  test(`a paused run that ${end} by what was in flight is cancelled all the same, whatever crashes`, async (t) => {
    const retry = { maxAttempts: 3, initialInterval: '1 minute' } as const;
    for (const options of [{}, { retry }]) {
      const life = {
        workflow: workflow('play', options, body),
        world: {
          activities: { job: takes('1 hour', pass), slow: takes('9 hours', pass), tidy: takes('1 minute', pass) },
        },
      };
      const scene = asked(life, [1000, 'pause'], [7_200_000, 'cancel']);

      const cancelled = await perform(scene);
      t.is(statusOf(cancelled), 'cancelled');
      t.is(cancelled.histories[0]?.run.link, 0);
      t.is(cancelled.effects.filter(({ activity }) => activity === 'tidy').length, 1);
      t.deepEqual(await differencesInTheEnd(scene), []);
    }
  });
}

for (const name of ['fails', 'fails beside what is in flight'] as const) {
  test(`a run that ${name} each time is cancelled while it waits for its retry, paused or not, whatever crashes`, async (t) => {
    const retry = { maxAttempts: 3, initialInterval: '1 minute' } as const;
    const life = {
      workflow: workflow('play', { retry }, ends[name] ?? fails),
      world: {
        activities: { job: takes('1 second', pass), slow: takes('9 hours', pass), tidy: takes('1 second', pass) },
      },
    };
    for (const before of [[], [[10_000, 'pause']]] as const) {
      const scene = asked(life, ...before, [20_000, 'cancel']);

      const cancelled = await perform(scene);
      t.is(statusOf(cancelled), 'cancelled');
      t.is(cancelled.histories[0]?.events.filter(({ type }) => type === 'run-retried').length, 1);
      t.is(cancelled.effects.filter(({ activity }) => activity === 'job').length, 1);
      t.deepEqual(await differencesInTheEnd(scene), []);
    }
  });
}

for (const name of ['a signal and a finalizer', 'a saga', 'a child'] as const) {
  test(`${name} is cancelled while it is paused, whatever crashes`, async (t) => {
    const scene = asked(lives[name], [1637, 'pause'], [2137, 'cancel']);

    t.is(statusOf(await perform(scene)), 'cancelled');
    t.deepEqual(await differencesInTheEnd(scene), []);
  });
}
