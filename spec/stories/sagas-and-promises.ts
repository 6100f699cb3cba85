import test from 'ava';
import { catchError, forkJoin, mergeMap, of, type Observable } from 'rxjs';
import { activity, saga, step, workflow } from '../../source/index.js';
import { deferred, engineOf } from '../_support/engine.js';

const soldOut = (): string => {
  throw new Error('no car');
};

test('what a promise brings behind a compensation is no part of the clean-up: a retry of the run finds it', async (t) => {
  const [started, gate] = [deferred(), deferred()];
  let calls = 0;
  let isUp = false;
  const trip = workflow('trip', (text$: Observable<string>) =>
    forkJoin([
      text$.pipe(
        saga(
          'trip',
          step(
            'hotel',
            (text: string) => `${text}hotel`,
            () => undefined,
          ),
          step('car', soldOut, undefined, { retry: { maxAttempts: 1 } }),
        ),
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
