// The process that executes the runs of `across`. Argument: the path of the file.
import type { Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, Tempolite, workflow } from '../../source/index.js';

const go = defineSignal('go');

const told =
  (place: string) =>
  (n: number): number => {
    // The monotonic clock is the machine's: both processes read the same.
    process.send?.({ place, n, at: process.hrtime.bigint().toString() });
    return n;
  };

export const across = workflow('across', (n$: Observable<number>) =>
  n$.pipe(
    activity('first', told('first')),
    awaitSignal(go, (_, n) => n),
    activity('second', told('second')),
  ),
);

const [path] = process.argv.slice(2);
if (path !== undefined && process.send) {
  const tempolite = await Tempolite.open({ url: `file:${path}`, workflows: [across] });
  process.on('message', () => {
    void tempolite.close().then(() => {
      process.disconnect();
    });
  });
  process.send({ place: 'open', n: 0, at: '0' });
}
