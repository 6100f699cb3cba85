// npm run demo:approval: an expense needs an approval. The manager is reminded each day; after three days the director is asked in their
// place; after another week it is dropped. Under a clock that stands still the days pass at once.
import * as t from 'io-ts';
import { concat, ignoreElements, interval, map, mergeMap, of, race, type Observable } from 'rxjs';
import {
  awaitSignal,
  defineActivity,
  defineSignal,
  duration,
  execute,
  sleep,
  Tempolite,
  workflow,
  type Duration,
} from '../source/index.js';
import { TestClock } from '../source/testing/index.js';

const Decision = t.type({ by: t.string, ok: t.boolean });
const decision = defineSignal('decision', Decision);
const nobody = { by: 'nobody', ok: false };

const mail = defineActivity('mail', {}, ({ to, text }: { to: string; text: string }) => {
  say(`mail to the ${to}: ${text}`);
});
const send = (to: string, text: string): Observable<never> => execute(mail, { to, text }).pipe(ignoreElements());

/** Asks at once and then each day. It emits nothing and does not end, so it never wins a race. */
const remind = (who: string, what: string): Observable<never> =>
  concat(
    send(who, `please decide on ${what}`),
    interval(duration('1 day')).pipe(mergeMap((days) => send(who, `reminder ${days + 1}, ${what} waits for you`))),
  );

/** The decision, or nobody's once our patience is over. Whoever loses the race is cancelled: no reminder comes after it. */
const ask = (who: string, what: string, patience: Duration): Observable<t.TypeOf<typeof Decision>> =>
  race(
    of(what).pipe(awaitSignal(decision)),
    of(nobody).pipe(sleep(`patience with the ${who}`, patience)),
    remind(who, what),
  );

const approval = workflow('approval', (what$: Observable<string>) =>
  what$.pipe(
    mergeMap((what) =>
      ask('manager', what, '3 days').pipe(
        mergeMap((first) => (first.by === 'nobody' ? ask('director', what, '7 days') : of(first))),
      ),
    ),
    map(({ by, ok }) => `${ok ? 'approved' : 'declined'} by ${by}`),
  ),
);

const say = (line: string): void => {
  const days = (clock.now() - start) / duration('1 day');
  console.log(`  day ${days.toFixed(1).padStart(4)}  ${line}`);
};

const stories = [
  { what: 'a chair', by: 'the manager', after: '36 hours' },
  { what: 'a van', by: 'the director', after: '100 hours' },
  { what: 'a castle' },
] as const;

const start = Date.UTC(2030, 0, 1);
let clock = new TestClock(start);
for (const story of stories) {
  const { what } = story;
  console.log(`Somebody wants ${what}`);
  clock = new TestClock(start);
  await using tempolite = await Tempolite.open({ workflows: [approval], clock });
  const run = await tempolite.start(approval, what);
  if ('by' in story) {
    await clock.advance(story.after);
    await run.signal(decision, { by: story.by, ok: true });
  }
  const outcome = await clock.until(run.result());
  say(`${what} is ${outcome}`);
}
