// A run that waits for a week, on a clock that stands still. Arguments: url, the instant of the start. Says `waiting` once it does.
import { fileURLToPath } from 'node:url';
import { delay, type Observable } from 'rxjs';
import { duration, Tempolite, workflow } from '../../../source/index.js';
import { TestClock } from '../../../source/testing/index.js';

export const weekLong = workflow('week-long', (name$: Observable<string>) => name$.pipe(delay(duration('7 days'))));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [url = '', start = '0'] = process.argv.slice(2);
  const tempolite = await Tempolite.open({ url, workflows: [weekLong], clock: new TestClock(Number(start)) });
  const run = await tempolite.start(weekLong, 'Ada', { id: 'week' });
  run.state$.subscribe(({ status }) => {
    if (status === 'waiting') process.send?.('waiting');
  });
}
