// Opens an engine with runs that wait for a signal, for a week and for a retry, closes it, and does nothing more. Argument: url.
import { delay, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, duration, Tempolite, workflow } from '../../../source/index.js';

const note = defineSignal<string>('note');
const waiting = workflow('waiting', (n$: Observable<number>) => n$.pipe(awaitSignal(note)));
const sleeping = workflow('sleeping', (n$: Observable<number>) => n$.pipe(delay(duration('7 days'))));
const failing = workflow('failing', (n$: Observable<number>) =>
  n$.pipe(
    activity(
      'fail',
      () => {
        throw new Error('down');
      },
      { retry: { maxAttempts: 9, initialInterval: '1 day' } },
    ),
  ),
);

const tempolite = await Tempolite.open({ url: process.argv[2] ?? '', workflows: [waiting, sleeping, failing] });
for (const it of [waiting, sleeping, failing]) (await tempolite.start<number, unknown>(it, 1)).state$.subscribe();
tempolite.runs$().subscribe();
await tempolite.close();
process.disconnect();
