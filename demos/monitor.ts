// npm run demo:monitor: watches a river for 200 days, and would go on for ever. Each day is a link of its own: its journal ends, and the
// next one begins with what has been learnt. So no journal grows, and a restart replays a day at most. The days pass at once.
import { concatMap, firstValueFrom, last, mergeMap, of, scan, take, timer, toArray, type Observable } from 'rxjs';
import { continueAsNew, defineActivity, duration, execute, expose, Tempolite, workflow } from '../source/index.js';
import { TestClock } from '../source/testing/index.js';

/** What one day hands on to the next. */
type Knowledge = { readonly day: number; readonly readings: number; readonly highest: number; readonly on: number };

const days = 200;
const readingsPerDay = 8;

/** The gauge, in centimetres. There is a flood on day 143. */
const gauge = defineActivity('gauge', {}, ({ day, reading }: { day: number; reading: number }) =>
  Promise.resolve(Math.round(120 + 30 * Math.sin(day / 9) + 5 * Math.sin(reading)) + (day === 143 ? 200 : 0)),
);

const learn = (known: Knowledge, level: number): Knowledge => {
  const { day, readings, highest } = known;
  return { ...known, readings: readings + 1, ...(level > highest ? { highest: level, on: day } : {}) };
};

const monitor = workflow('monitor', (known$: Observable<Knowledge>) =>
  known$.pipe(
    mergeMap((known) =>
      timer(duration('3 hours'), duration('3 hours')).pipe(
        take(readingsPerDay),
        concatMap((reading) => execute(gauge, { day: known.day, reading })),
        scan(learn, known),
        expose('river'),
        last(),
      ),
    ),
    mergeMap((known) => (known.day === days ? of(known) : continueAsNew({ ...known, day: known.day + 1 }))),
  ),
);

const clock = new TestClock(Date.UTC(2030, 0, 1));
await using tempolite = await Tempolite.open({ workflows: [monitor], clock });
const run = await tempolite.start(monitor, { day: 1, readings: 0, highest: 0, on: 0 }, { id: 'river' });

for (const day of [50, 100, 150]) {
  await clock.advanceTo(Date.UTC(2030, 0, 1) + day * duration('1 day') - duration('1 hour'));
  const { link, events } = await firstValueFrom(run.state$);
  const { readings, highest, on } = await firstValueFrom(run.exposed$<Knowledge>('river'));
  console.log(
    `day ${day}: link ${link} with ${events} events; ${readings} readings, the highest ${highest} cm on day ${on}`,
  );
}

const { readings, highest, on } = (await clock.until(run.result()))!;
console.log(`result of the run: ${readings} readings, the highest ${highest} cm on day ${on}`);

// Every event of all links; each link begins with `started`.
const events = await firstValueFrom(run.events$.pipe(toArray()));
const rowsOf = events.reduce<number[]>(
  (rows, { type }) => (type === 'started' ? [...rows, 1] : rows.with(-1, rows.at(-1)! + 1)),
  [],
);
console.log(`${rowsOf.length} links of ${Math.min(...rowsOf)} to ${Math.max(...rowsOf)} rows, ${events.length} in all`);
