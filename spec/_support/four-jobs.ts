import { concatMap, from, toArray, type Observable } from 'rxjs';
import { execute, workflow } from '../../source/index.js';
import { takes, type TestEngine, type TestRun } from '../../source/testing/index.js';
import { jobOf } from './life.js';

const job = jobOf('job');

/** A job for each letter, one after the other, each of which takes an hour. */
export const four = workflow('four', (texts$: Observable<readonly string[]>) =>
  texts$.pipe(
    concatMap((texts) => from(texts)),
    concatMap((text) => execute(job, text)),
    toArray(),
  ),
);
export const hourly = { job: takes('1 hour', (text: string) => text.toUpperCase()) };
export const letters = ['a', 'b', 'c', 'd'];

/** Asks something of a run, and waits until all of it has happened. */
export const ask = async (
  engine: TestEngine,
  { id }: Pick<TestRun, 'id'>,
  what: 'pause' | 'resume' | 'replay' | 'cancel',
): Promise<void> => {
  await engine.clock.until(engine.tempolite.run(id)[what]());
  await engine.settle();
};
