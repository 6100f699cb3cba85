import test from 'ava';
import { catchError, concat, forkJoin, mergeMap, NEVER, of, retry, throwError, type Observable } from 'rxjs';
import {
  activity,
  ActivityError,
  compensate,
  finalizeWith,
  RunError,
  saga,
  SagaError,
  step,
  workflow,
  type ActivityContext,
  type WorkflowDefinition,
} from '../../source/index.js';
import { rethrown } from '../_support/bookings.js';
import { deferred, engineOf } from '../_support/engine.js';

type Text = Observable<string>;

/** What is done to the outside world. */
class Agency {
  readonly done: string[] = [];

  /** A step that adds its name to the text that it is given, or fails. */
  reserve(
    name: string,
    { fails = false, undoFails = 0 }: { readonly fails?: boolean; readonly undoFails?: number } = {},
  ) {
    return step(
      name,
      (before: string) => {
        if (fails) throw new Error(`no ${name}`);
        this.done.push(`${name} for "${before}"`);
        return `${before}${name} `;
      },
      (result, input, { attempt }) => {
        if (attempt <= undoFails) throw new Error(`${name} stays`);
        this.done.push(`no more "${result}" for "${input}"`);
      },
      {
        retry: { maxAttempts: 1 },
        compensation: { retry: { maxAttempts: 3, initialInterval: '1 minute', jitter: 0 } },
      },
    );
  }
}

const names = ['hotel', 'train', 'car'] as const;

for (const [place, failing] of names.entries()) {
  test(`when ${failing} fails the ${place} steps before it are undone, last first, each once (scenario 30)`, async (t) => {
    const agency = new Agency();
    const [first, second, third] = names.map((name) => agency.reserve(name, { fails: name === failing }));
    const trip = workflow('trip', (text$: Text) => text$.pipe(saga('trip', first!, second!, third!)));
    const { tempolite } = await engineOf(t, { workflows: [trip] });
    const run = await tempolite.start(trip, '');

    const error = await t.throwsAsync(run.result(), { instanceOf: ActivityError });

    t.is((error.cause as Error).message, `no ${failing}`);
    const forward = ['hotel for ""', 'train for "hotel "'].slice(0, place);
    const backward = ['no more "hotel " for ""', 'no more "hotel train " for "hotel "'].slice(0, place).reverse();
    t.deepEqual(agency.done, [...forward, ...backward]);
  });
}

test('a saga whose steps all succeed gives what the last one gave, and undoes nothing', async (t) => {
  const agency = new Agency();
  const trip = workflow('trip', (text$: Text) =>
    text$.pipe(saga('trip', agency.reserve('hotel'), agency.reserve('train'), agency.reserve('car'))),
  );
  const { tempolite } = await engineOf(t, { workflows: [trip] });

  t.is(await (await tempolite.start(trip, '')).result(), 'hotel train car ');
  t.deepEqual(agency.done, ['hotel for ""', 'train for "hotel "', 'car for "hotel train "']);
});

test('a compensation that fails is retried', async (t) => {
  const agency = new Agency();
  const trip = workflow('trip', (text$: Text) =>
    text$.pipe(saga('trip', agency.reserve('hotel', { undoFails: 2 }), agency.reserve('car', { fails: true }))),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [trip] });
  const run = await tempolite.start(trip, '');

  await t.throwsAsync(clock.until(run.result()), { instanceOf: ActivityError });

  t.deepEqual(agency.done, ['hotel for ""', 'no more "hotel " for ""']);
});

test('a compensation that gives up is reported with the original error, and the others still run (scenario 30)', async (t) => {
  const agency = new Agency();
  const trip = workflow('trip', (text$: Text) =>
    text$.pipe(
      saga(
        'trip',
        agency.reserve('hotel'),
        agency.reserve('train', { undoFails: Infinity }),
        agency.reserve('bus', { undoFails: 1 }),
        agency.reserve('car', { fails: true }),
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [trip] });
  const run = await tempolite.start(trip, '');

  const error = await t.throwsAsync(clock.until(run.result()), { instanceOf: SagaError });

  t.is(error.code, 'COMPENSATION_FAILED');
  t.is(((error.cause as Error).cause as Error).message, 'no car');
  t.deepEqual(
    error.errors.map((part) => ((part as Error).cause as Error).message),
    ['train stays'],
  );
  t.deepEqual(agency.done.slice(3), ['no more "hotel train bus " for "hotel train "', 'no more "hotel " for ""']);
});

test('a run that cleaned up and was retried goes back to where the failure began, and cleans up again (scenario 30)', async (t) => {
  const done: string[] = [];
  let isUp = false;
  const order = workflow('order', (text$: Text) =>
    text$.pipe(
      activity('charge', (text: string) => {
        done.push('charge');
        return text;
      }),
      activity(
        'ship',
        (text: string) => {
          done.push('ship');
          if (!isUp) throw new Error('no ship');
          return `${text}shipped`;
        },
        { retry: { maxAttempts: 1 } },
      ),
      catchError((error: unknown) =>
        of('').pipe(
          activity('clean up', () => done.push('clean up')),
          mergeMap(() => rethrown(error)),
        ),
      ),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [order] });
  const run = await tempolite.start(order, '');

  await t.throwsAsync(run.result());
  await run.replay();
  await t.throwsAsync(run.result());
  isUp = true;
  await run.replay();

  t.is(await run.result(), 'shipped');
  t.deepEqual(done, ['charge', 'ship', 'clean up', 'ship', 'clean up', 'ship']);
});

test('a run whose saga was compensated begins it anew when it is retried, under other keys (scenario 30)', async (t) => {
  const keys: string[] = [];
  let isUp = false;
  const act =
    (name: string) =>
    (text: string, { idempotencyKey }: ActivityContext<string>) => {
      keys.push(idempotencyKey);
      if (name === 'car' && !isUp) throw new Error('no car');
      return `${text}${name} `;
    };
  const undo = (_result: string, _input: string, { idempotencyKey }: ActivityContext) => {
    keys.push(idempotencyKey);
  };
  const trip = workflow('trip', (text$: Text) =>
    text$.pipe(
      saga('trip', step('hotel', act('hotel'), undo), step('car', act('car'), undo, { retry: { maxAttempts: 1 } })),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [trip] });
  const run = await tempolite.start(trip, '', { id: 'run' });

  await t.throwsAsync(run.result());
  isUp = true;
  await run.replay();

  t.is(await run.result(), 'hotel car ');
  t.deepEqual(keys, [
    'run/0/step:trip/hotel#0',
    'run/0/step:trip/car#0',
    'run/0/compensation:trip/hotel#0',
    'run/0.1/step:trip/hotel#0',
    'run/0.1/step:trip/car#0',
  ]);
});

// ── cancellation ────────────────────────────────────────────────────────────────────────────────────────────────────────

test('cancel reaches a running activity by its AbortSignal, compensates sagas and runs finalizers (scenario 23)', async (t) => {
  const agency = new Agency();
  const started = deferred();
  const aborted = deferred<unknown>();
  const trip = workflow('trip', (text$: Text) =>
    text$.pipe(
      saga(
        'trip',
        agency.reserve('hotel'),
        activity('wait', (_: string, { signal }: ActivityContext<string>) => {
          signal.addEventListener('abort', () => {
            aborted.resolve(signal.reason);
          });
          started.resolve();
          return new Promise<string>(() => undefined);
        }),
      ),
      finalizeWith('tidy', () => agency.done.push('tidy')),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [trip] });
  const run = await tempolite.start(trip, '');
  await started.promise;
  await run.cancel();

  t.truthy(await aborted.promise);
  await t.throwsAsync(clock.until(run.result()), { code: 'RUN_CANCELLED' });
  t.deepEqual([...agency.done].sort(), ['hotel for ""', 'no more "hotel " for ""', 'tidy']);
});

const stubborn: Readonly<Record<string, WorkflowDefinition<string, string>>> = {
  'retry()': workflow('retrying', (text$: Text) => text$.pipe(waitForever(), retry())),
  catchError: workflow('catching', (text$: Text) =>
    text$.pipe(
      waitForever(),
      catchError(() => of('caught')),
    ),
  ),
  'a run that waits for nothing': workflow('silent', (text$: Text) => text$.pipe(mergeMap(() => NEVER as Text))),
};

function waitForever(): (text$: Text) => Text {
  return activity('wait', (_: string) => new Promise<string>(() => undefined));
}

for (const [what, definition] of Object.entries(stubborn)) {
  test(`a cancel is not swallowed by ${what}, and asked for twice it counts once (scenario 23)`, async (t) => {
    const { tempolite, clock, url } = await engineOf(t, { workflows: [definition] });
    const run = await tempolite.start(definition, '', { id: 'stubborn' });
    await clock.settle();

    await Promise.all([run.cancel(), run.cancel()]);

    await t.throwsAsync(clock.until(run.result()), { code: 'RUN_CANCELLED' });
    await t.throwsAsync(run.result(), { code: 'RUN_CANCELLED' }, 'also afterwards');
    await tempolite.close();
    const other = await engineOf(t, { workflows: [definition], url, clock });
    await t.throwsAsync(other.tempolite.run('stubborn').result(), { code: 'RUN_CANCELLED' }, 'also elsewhere');
  });
}

test('a run that is cancelled while no process is up is cancelled when one comes up (scenario 23)', async (t) => {
  const agency = new Agency();
  const trip = workflow('trip', (text$: Text) =>
    text$.pipe(
      saga(
        'trip',
        agency.reserve('hotel'),
        mergeMap(() => NEVER as Text),
      ),
    ),
  );
  const first = await engineOf(t, { workflows: [trip] });
  const { url, clock } = first;
  await first.tempolite.start(trip, '', { id: 'trip' });
  await clock.settle();
  await first.tempolite.close();
  const other = workflow('other', (text$: Text) => text$);
  const office = await engineOf(t, { workflows: [other], url, clock });
  await office.tempolite.run('trip').cancel();
  await office.tempolite.close();

  const second = await engineOf(t, { workflows: [trip], url, clock });
  await t.throwsAsync(clock.until(second.tempolite.run('trip').result()), { code: 'RUN_CANCELLED' });

  t.deepEqual(agency.done, ['hotel for ""', 'no more "hotel " for ""']);
});

test('clean-up after a cancel goes on where it was when the engine was closed in the middle (scenario 24)', async (t) => {
  const done: string[] = [];
  const hangs = deferred();
  let isUp = false;
  const reserve = (name: string) =>
    step(
      name,
      (text: string) => text + name,
      () => {
        done.push(name);
        if (name !== 'b' || isUp) return undefined;
        hangs.resolve();
        return new Promise(() => undefined);
      },
    );
  const trip = workflow('trip', (text$: Text) =>
    text$.pipe(
      saga(
        'trip',
        reserve('a'),
        reserve('b'),
        reserve('c'),
        mergeMap(() => NEVER as Text),
      ),
    ),
  );
  const first = await engineOf(t, { workflows: [trip] });
  const { url, clock } = first;
  const run = await first.tempolite.start(trip, '', { id: 'trip' });
  await clock.settle();
  await run.cancel();
  await hangs.promise;
  await first.tempolite.close();
  isUp = true;

  const second = await engineOf(t, { workflows: [trip], url, clock });
  await t.throwsAsync(clock.until(second.tempolite.run('trip').result()), { code: 'RUN_CANCELLED' });

  t.deepEqual(done, ['c', 'b', 'b', 'a']);
});

test('a compensation that gives up after a cancel is told of, and the run is cancelled all the same', async (t) => {
  const agency = new Agency();
  const trip = workflow('trip', (text$: Text) =>
    text$.pipe(
      saga(
        'trip',
        agency.reserve('hotel'),
        agency.reserve('car', { undoFails: Infinity }),
        mergeMap(() => NEVER as Text),
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [trip] });
  const run = await tempolite.start(trip, '');
  await clock.settle();
  await run.cancel();

  const error = await t.throwsAsync(clock.until(run.result()), { instanceOf: RunError, code: 'RUN_CANCELLED' });

  t.deepEqual(
    error.errors.map((part) => (part as SagaError).code),
    ['COMPENSATION_FAILED'],
  );
  t.is(agency.done.at(-1), 'no more "hotel " for ""');
});

test('a completed saga is undone when a later operator asks for it, once', async (t) => {
  const agency = new Agency();
  const trip = workflow('trip', (text$: Text) =>
    text$.pipe(
      saga('trip', agency.reserve('hotel'), agency.reserve('train')),
      mergeMap(() => throwError(() => new Error('later'))),
      catchError((error: unknown) => concat(compensate('trip'), compensate('trip'), rethrown(error))),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [trip] });

  await t.throwsAsync((await tempolite.start(trip, '')).result(), { message: 'later' });

  t.deepEqual(agency.done.slice(2), ['no more "hotel train " for "hotel "', 'no more "hotel " for ""']);
});

test('what a promise brings behind a compensation is no part of the clean-up: a retry of the run finds it', async (t) => {
  const agency = new Agency();
  const [started, gate] = [deferred(), deferred()];
  let calls = 0;
  let isUp = false;
  const trip = workflow('trip', (text$: Text) =>
    forkJoin([
      text$.pipe(
        saga('trip', agency.reserve('hotel'), agency.reserve('car', { fails: true })),
        catchError(() => Promise.resolve('by bike')),
        mergeMap((text) =>
          of(text).pipe(
            activity('pay', async (paid: string) => {
              calls += 1;
              started.resolve();
              await gate.promise;
              return paid;
            }),
          ),
        ),
      ),
      text$.pipe(
        activity(
          'fail',
          async () => {
            await started.promise;
            if (!isUp) throw new Error('down');
          },
          { retry: { maxAttempts: 1 } },
        ),
      ),
    ]),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [trip] });
  const run = await tempolite.start(trip, '');
  await t.throwsAsync(run.result());
  gate.resolve();
  await clock.settle();
  isUp = true;
  await run.replay();

  t.deepEqual(await clock.until(run.result()), ['by bike', undefined]);
  t.is(calls, 1);
});
