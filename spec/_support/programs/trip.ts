// A saga whose process is killed before or after its n-th commit; it fails, or is cancelled while it waits.
// Arguments: url, the file that is the outside world, `fails` | `cancelled`, `before` | `after` | `never`, n.
import { appendFileSync } from 'node:fs';
import type { Observable } from 'rxjs';
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

const act = ({ idempotencyKey }: Pick<ActivityContext, 'idempotencyKey'>): void => {
  appendFileSync(world, `${idempotencyKey}\n`);
};

const book = (name: string): ReturnType<typeof step<string, string>> =>
  step<string, string>(
    name,
    (text, context) => {
      act(context);
      return text + name;
    },
    (_result, _input, context) => {
      act(context);
    },
  );

const soldOut = step<string, string>(
  'c',
  (_, context) => {
    act(context);
    throw new Error('c is sold out');
  },
  undefined,
  { retry: { maxAttempts: 1 } },
);

const trip = workflow('trip', (text$: Observable<string>) =>
  text$.pipe(
    saga('trip', book('a'), book('b'), fate === 'fails' ? soldOut : awaitSignal(defineSignal<string>('go'))),
    finalizeWith('tidy', act),
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
  run.state$.subscribe(({ status }) => {
    // It may have been cancelled in an earlier life.
    if (status === 'waiting') run.cancel().catch(() => undefined);
  });
}
const error = await run.result().then(
  () => undefined,
  (reason: unknown) => reason,
);
await tempolite.close();
process.send?.({ error: (error as Error | undefined)?.message, commits });
process.disconnect();
