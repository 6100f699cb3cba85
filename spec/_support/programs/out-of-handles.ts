// An engine in a process that takes up all file handles it may have, and gives them back later. Argument: a folder.
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, Tempolite, workflow } from '../../../source/index.js';

const folder = process.argv[2] ?? '';
const url = `file:${join(folder, 'runs.db')}`;
const go = defineSignal<string>('go');
const waiting = workflow('waiting', (n$: Observable<number>) =>
  n$.pipe(
    activity('add', (n: number) => n + 1),
    awaitSignal(go, (word, n) => `${word} ${n}`),
  ),
);

const refusal = async (options: { readonly url: string }): Promise<unknown> => {
  try {
    await (await Tempolite.open({ ...options, worker: false })).close();
    return 'opened';
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    return { code, message };
  }
};

const tempolite = await Tempolite.open({ url, workflows: [waiting], closeTimeoutMs: 0 });
const run = await tempolite.start(waiting, 1, { id: 'run' });

const taken: number[] = [];
try {
  for (;;) taken.push(openSync('/dev/null', 'r'));
} catch {
  // None is left.
}
const refused = [await refusal({ url }), await refusal({ url: `file:${join(folder, 'new.db')}` })];
closeSync(taken.pop() ?? -1);
refused.push(await refusal({ url }));
await run.signal(go, 'meanwhile');
const first = await run.result();
const second = await tempolite.start(waiting, 2, { id: 'other' });
await second.signal(go, 'and');
for (const handle of taken) closeSync(handle);

const opened = await refusal({ url });
const results = [first, await second.result()];
await tempolite.close();
process.send?.({ taken: taken.length, refused, results, opened });
process.disconnect();
