// npm run demo:fan-out: asks four carriers at once, each by a child workflow, and takes the first offer. The losers of the race are
// cancelled, and give their lorries back: each a run of its own, with its own saga. Under a clock that stands still the days pass at once.
import { catchError, delayWhen, map, mergeMap, NEVER, race, timer, type Observable } from 'rxjs';
import { duration, execute, saga, step, Tempolite, workflow } from '../source/index.js';
import { TestClock } from '../source/testing/index.js';

type Carrier = { readonly name: string; readonly days: number; readonly lorries: number };

const start = Date.UTC(2030, 0, 1);
const clock = new TestClock(start);
const say = (line: string): void => {
  console.log(`day ${(clock.now() - start) / duration('1 day')}  ${line}`);
};

const reserve = ({ name, lorries, days }: Carrier): Carrier => {
  say(lorries > 0 ? `${name} keeps a lorry for us` : `${name} has no lorry`);
  if (lorries === 0) throw Object.assign(new Error('no lorry'), { nonRetryable: true });
  return { name, lorries, days };
};
const giveBack = ({ name }: Carrier): void => {
  say(`${name} has its lorry back`);
};

/** One carrier: the lorry is kept while the offer is being written. Without an offer it is given back. */
const offer = workflow('offer', (carrier$: Observable<Carrier>) =>
  carrier$.pipe(
    saga(
      'offer',
      step('reserve', reserve, giveBack),
      delayWhen(({ days }) => timer(days * duration('1 day'))),
      step('write', ({ name, days }: Carrier) => `${name} drives for ${days * 100}`),
    ),
  ),
);

/** The first offer. A carrier that has none is out of the race; nobody waits for longer than a week. */
const tender = workflow('tender', (carriers$: Observable<readonly Carrier[]>) =>
  carriers$.pipe(
    mergeMap((carriers) =>
      race(
        timer(duration('7 days')).pipe(map(() => 'nobody drives')),
        ...carriers.map((carrier) =>
          execute(offer, carrier, { tags: { carrier: carrier.name } }).pipe(catchError(() => NEVER)),
        ),
      ),
    ),
  ),
);

await using tempolite = await Tempolite.open({ workflows: [tender, offer], clock });
const carriers = [
  { name: 'Albatros', days: 4, lorries: 3 },
  { name: 'Bison', days: 2, lorries: 1 },
  { name: 'Camel', days: 1, lorries: 0 },
  { name: 'Dromedary', days: 6, lorries: 5 },
];
const run = await tempolite.start(tender, carriers, { id: 'tender' });
say(`result: ${await clock.until(run.result())}`);
await clock.settle();

for (const { id, tags, status } of await tempolite.list({ parent: run.id })) {
  console.log(`${id} ${(tags['carrier'] ?? '').padEnd(9)} ${status}`);
}
