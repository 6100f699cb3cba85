// npm run demo:travel: a journey of flight, hotel and car, all of it or nothing. There is no car, so what was booked is cancelled again;
// the hotel's desk answers at the second call only, and in the middle of that the process is killed. The next one goes on.
import { fork } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { map, type Observable } from 'rxjs';
import { saga, step, Tempolite, workflow, type ActivityContext } from '../source/index.js';

type Trip = { readonly to: string; readonly flight?: string; readonly hotel?: string; readonly car?: string };

const say = (line: string): void => {
  console.log(line);
};

/** A process of the travel agency. The third one lives on the next day, when there is a car. */
const work = async (folder: string, life: number): Promise<void> => {
  /** The companies' own books, which outlive us. */
  const writeDown = (what: string, { idempotencyKey, attempt }: ActivityContext): string => {
    appendFileSync(join(folder, 'books'), `${idempotencyKey}\n`);
    say(`  ${what}, attempt ${attempt}, ${idempotencyKey}`);
    return what;
  };

  const bookFlight = (trip: Trip, context: ActivityContext): Trip => {
    writeDown(`flight to ${trip.to} is booked`, context);
    return { ...trip, flight: 'TP 204' };
  };
  const cancelFlight = ({ flight }: Trip, _: Trip, context: ActivityContext) =>
    writeDown(`flight ${flight} is cancelled`, context);

  const bookHotel = (trip: Trip, context: ActivityContext): Trip => {
    writeDown(`hotel in ${trip.to} is booked`, context);
    return { ...trip, hotel: 'Rossio 9' };
  };
  const cancelHotel = async ({ hotel }: Trip, _: Trip, context: ActivityContext) => {
    if (context.attempt === 1) throw new Error('the desk of the hotel does not answer');
    say(`  calling the hotel once more, attempt ${context.attempt}`);
    if (life === 1) await new Promise(() => process.send?.('now'));
    return writeDown(`hotel ${hotel} is cancelled`, context);
  };

  const bookCar = (trip: Trip, context: ActivityContext): Trip => {
    if (life < 3) throw Object.assign(new Error('no car is left'), { nonRetryable: true });
    writeDown(`car in ${trip.to} is booked`, context);
    return { ...trip, car: 'a red one' };
  };

  const patient = { compensation: { retry: { maxAttempts: 10, initialInterval: '20 ms', jitter: 0 } } } as const;
  const travel = workflow('travel', (trip$: Observable<Trip>) =>
    trip$.pipe(
      saga(
        'journey',
        step('flight', bookFlight, cancelFlight),
        step('hotel', bookHotel, cancelHotel, patient),
        step('car', bookCar),
      ),
      map(({ flight, hotel, car }) => `${flight}, ${hotel}, ${car}`),
    ),
  );

  await using tempolite = await Tempolite.open({ url: `file:${join(folder, 'travel.db')}`, workflows: [travel] });
  const run = await tempolite.start(travel, { to: 'Lisbon' }, { id: 'trip' });
  if (life === 3) await run.replay();
  await run.result().then(
    (journey) => {
      say(`  completed: ${journey}`);
    },
    (error: unknown) => {
      say(`  failed: ${(error as Error).message}`);
    },
  );
};

/** Lives until it ends by itself, or asks for its death. */
const live = (folder: string, life: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [folder, String(life)]);
    child.once('message', () => child.kill('SIGKILL'));
    child.once('exit', (code, signal) => {
      if (signal === 'SIGKILL') say('  ✂ the process is killed');
      if (code === 0 || signal === 'SIGKILL') resolve();
      else reject(new Error(`the process ended with code ${String(code)}`));
    });
  });

const tell = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'tempolite-travel-'));
  const chapters = ['A journey without a car', 'The next process goes on', 'The next day there is a car: replay'];
  try {
    for (const [index, chapter] of chapters.entries()) {
      say(chapter);
      await live(folder, index + 1);
    }
    const keys = readFileSync(join(folder, 'books'), 'utf8').trim().split('\n');
    say(`The companies did ${keys.length} things for us, each once: ${new Set(keys).size === keys.length}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const [folder, life] = process.argv.slice(2);
if (folder === undefined) await tell();
else {
  await work(folder, Number(life));
  process.disconnect();
}
