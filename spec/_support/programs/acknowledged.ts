// Starts one run after the other and says of each when it waits, and how long the WAL is then. Argument: the path of the database.
import { statSync } from 'node:fs';
import { filter, firstValueFrom, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, Tempolite, workflow } from '../../../source/index.js';

const path = process.argv[2] ?? '';
const waiting = workflow('waiting', (n$: Observable<number>) =>
  n$.pipe(
    activity('write', (n: number) => `result ${n}`),
    awaitSignal(defineSignal<string>('go'), (word, text) => `${word} ${text}`),
  ),
);

const tempolite = await Tempolite.open({ url: `file:${path}`, workflows: [waiting], parkAfterMs: 0 });
for (let n = 0; ; n += 1) {
  const { state$ } = await tempolite.start(waiting, n, { id: `run ${n}` });
  await firstValueFrom(state$.pipe(filter(({ status }) => status === 'waiting')));
  process.send?.({ acknowledged: n, wal: statSync(`${path}-wal`).size });
}
