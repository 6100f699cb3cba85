import test from 'ava';
import { firstValueFrom, mergeMap, throwError, type Observable } from 'rxjs';
import { awaitSignal, defineSignal, workflow, type Run } from '../../source/index.js';
import { engineOf } from '../_support/engine.js';

const note = defineSignal<string>('note');
const waiting = workflow('waiting', (n$: Observable<number>) => n$.pipe(awaitSignal(note)));
const failing = workflow('failing', (n$: Observable<number>) =>
  n$.pipe(mergeMap(() => throwError(() => new Error('down')))),
);
const requests = ['pause', 'resume', 'cancel', 'terminate', 'replay'] as const;

const eventsOf = async (run: Run): Promise<number> => (await firstValueFrom(run.state$)).events;

for (const request of requests) {
  test(`${request} of an unknown run is RUN_NOT_FOUND, and nothing is written`, async (t) => {
    const { tempolite } = await engineOf(t, { workflows: [waiting] });

    await t.throwsAsync(tempolite.run('nobody')[request](), { code: 'RUN_NOT_FOUND' });
    t.deepEqual(await tempolite.list(), []);
  });
}

type Ending = 'completed' | 'failed' | 'cancelled' | 'terminated';

/** What is refused of a run at its end; the others find it where they would bring it. */
const refused: Readonly<Record<Ending, readonly (typeof requests)[number][]>> = {
  completed: ['pause', 'resume', 'cancel', 'terminate'],
  failed: ['pause', 'resume', 'cancel', 'terminate'],
  cancelled: ['pause', 'resume', 'terminate', 'replay'],
  terminated: ['pause', 'resume', 'cancel', 'replay'],
};

for (const [ending, those] of Object.entries(refused)) {
  test(`of a run that is ${ending}, ${those.join(', ')} are refused, and nothing is written`, async (t) => {
    const { tempolite, clock } = await engineOf(t, { workflows: [waiting, failing] });
    const run = await tempolite.start<number, unknown>(ending === 'failed' ? failing : waiting, 1);
    if (ending === 'completed') await run.signal(note, 'hello');
    if (ending === 'cancelled') await run.cancel();
    if (ending === 'terminated') await run.terminate();
    await clock.until(run.result().catch(() => undefined));
    const before = await eventsOf(run);

    for (const request of those) {
      const error = await t.throwsAsync(run[request](), { code: 'WRONG_STATE' });
      t.regex(error.message, new RegExp(`is ${ending}: ${request} is not possible`));
    }
    await clock.settle();

    t.is(await eventsOf(run), before);
    t.is((await firstValueFrom(run.state$)).status, ending as Ending);
  });
}

test('resume and replay of a run that is at work change nothing', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows: [waiting] });
  const run = await tempolite.start(waiting, 1);
  await clock.settle();
  const before = await eventsOf(run);

  await run.resume();
  await run.replay();

  t.is(await eventsOf(run), before);
});

test('a run is paused by an engine that does not know its workflow', async (t) => {
  const other = workflow('other', (n$: Observable<number>) => n$);
  const first = await engineOf(t, { workflows: [waiting] });
  await first.tempolite.start(waiting, 1, { id: 'run' });
  await first.clock.settle();
  await first.tempolite.close();
  const between = await engineOf(t, { workflows: [other], url: first.url, clock: first.clock });

  await between.tempolite.run('run').pause();

  t.is((await firstValueFrom(between.tempolite.run('run').state$)).status, 'paused');
});

test('a run that is cancelled twice, and then once more when it is over, is cancelled once', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows: [waiting] });
  const run = await tempolite.start(waiting, 1);
  await Promise.all([run.cancel(), run.cancel()]);
  await t.throwsAsync(clock.until(run.result()), { code: 'RUN_CANCELLED' });
  const before = await eventsOf(run);

  await run.cancel();

  t.is(await eventsOf(run), before);
});
