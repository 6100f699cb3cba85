// A saga of three steps that fails at the third, or is cancelled behind it; the process is killed before or after its n-th commit.
// Arguments: url, the file that is the outside world, `fails` | `cancelled`, `before` | `after` | `never`, n.
import { appendFileSync } from 'node:fs';
import { filter, type Observable, take } from 'rxjs';
import { Tempolite } from '../../../source/client/tempolite.js';
import {
  awaitSignal,
  defineSignal,
  finalizeWith,
  saga,
  step,
  workflow,
  type ActivityContext,
} from '../../../source/index.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';

const [url = '', world = '', fate = 'fails', when = 'never', n = '0'] = process.argv.slice(2);

const act = (what: string, { idempotencyKey }: { readonly idempotencyKey: string }): void => {
  appendFileSync(world, `${what} ${idempotencyKey}\n`);
};

const book = (name: string) => (before: string, context: ActivityContext<string>) => {
  act(`book ${name} for "${before}"`, context);
  if (name === 'car' && fate === 'fails') throw new Error('no car');
  return Promise.resolve(`${before}${name}, `);
};
const undo =
  (name: string) =>
  (result: string, input: string, context: ActivityContext<unknown>): void => {
    act(`undo ${name} of "${result}" for "${input}"`, context);
  };
const reserve = (name: string) => step(name, book(name), undo(name), { retry: { maxAttempts: 1 } });

const trip = workflow('trip', (n$: Observable<string>) =>
  n$.pipe(
    saga('trip', reserve('hotel'), reserve('train'), reserve('car'), awaitSignal(defineSignal<string>('departure'))),
    finalizeWith('tidy', (context) => {
      act('tidy', context);
    }),
  ),
);

const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

const journal = await openJournal({ url });
let commits = 0;
const commit = journal.commit.bind(journal);
journal.commit = async (change) => {
  commits += 1;
  if (when === 'before' && commits === Number(n)) die();
  const written = await commit(change);
  if (when === 'after' && commits === Number(n)) die();
  return written;
};

const tempolite = await Tempolite.over(journal, { workflows: [trip] });
const run = await tempolite.start(trip, '', { id: 'trip' });
if (fate === 'cancelled') {
  run.state$
    .pipe(
      filter(({ status }) => status === 'waiting'),
      take(1),
    )
    .subscribe(() => void run.cancel());
}
const ended = await run.result().then(
  () => 'completed',
  (error: unknown) => String(error),
);
await tempolite.close();
process.send?.({ ended, commits });
process.disconnect();
