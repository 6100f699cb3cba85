import test, { type ExecutionContext } from 'ava';
import { forkJoin, merge, mergeMap, of, throwError, timeout, timer, type Observable } from 'rxjs';
import {
  awaitSignal,
  childWorkflow,
  continueAsNew,
  defineActivity,
  defineSignal,
  execute,
  finalizeWith,
  workflow,
  type AnyWorkflow,
  type ChildOptions,
} from '../../source/index.js';
import { engineOf, type Engine } from '../_support/engine.js';

const go = defineSignal<string>('go');
const once = { retry: { maxAttempts: 1 } } as const;
const policies = ['cancel', 'terminate', 'abandon'] as const;
type Policy = NonNullable<ChildOptions['onClose']>;

/** Waits for a signal; tidies up when it is cancelled. */
const waiterOf = (tidied: string[]) =>
  workflow('waiter', (name$: Observable<string>) =>
    name$.pipe(
      awaitSignal(go, (text, name) => `${name} ${text}`),
      finalizeWith('tidy', ({ runId }) => {
        tidied.push(runId);
      }),
    ),
  );

type Body = (waiter: ReturnType<typeof waiterOf>, onClose: Policy) => Observable<unknown>;

interface Play extends Engine {
  readonly tidied: readonly string[];
  readonly parent: AnyWorkflow;
}

/** A run `p` with children that wait for a signal. */
const play = async (t: ExecutionContext, body: Body, onClose: Policy = 'cancel'): Promise<Play> => {
  const tidied: string[] = [];
  const waiter = waiterOf(tidied);
  const parent = workflow('parent', (n$: Observable<number>) =>
    n$.pipe(mergeMap((n) => (n === 0 ? body(waiter, onClose) : of(`link ${n}`)))),
  );
  const engine = await engineOf(t, { workflows: [parent, waiter], parkAfterMs: 0 });
  await engine.tempolite.start(parent, 0, { id: 'p' });
  await engine.clock.settle();
  return { ...engine, tidied, parent };
};

/** Statuses by id, without the prefix that all children have. */
const statuses = async ({ tempolite, clock }: Engine): Promise<Readonly<Record<string, string>>> => {
  await clock.settle();
  const runs = await tempolite.list({ limit: 1000 });
  return Object.fromEntries(runs.map(({ id, status }) => [id.replace('/child:waiter', ''), status]));
};

const fate: Readonly<Record<Policy, string>> = { cancel: 'cancelled', terminate: 'terminated', abandon: 'waiting' };

/** What happens to a parent whose children are at work. */
const endings: Readonly<
  Record<string, { readonly body: Body; readonly ask?: 'cancel' | 'terminate'; readonly status: string }>
> = {
  completes: {
    body: (waiter, onClose) => execute(waiter, 'a', { onClose }).pipe(timeout({ first: 50, with: () => of('late') })),
    status: 'completed',
  },
  fails: {
    body: (waiter, onClose) =>
      merge(execute(waiter, 'a', { onClose }), timer(50).pipe(mergeMap(() => throwError(() => new Error('enough'))))),
    status: 'failed',
  },
  'is cancelled': { body: (waiter, onClose) => execute(waiter, 'a', { onClose }), ask: 'cancel', status: 'cancelled' },
  'is terminated': {
    body: (waiter, onClose) => execute(waiter, 'a', { onClose }),
    ask: 'terminate',
    status: 'terminated',
  },
  'continues as new': {
    body: (waiter, onClose) =>
      merge(execute(waiter, 'a', { onClose }), timer(50).pipe(mergeMap(() => continueAsNew(1)))),
    status: 'completed',
  },
};

for (const [what, { body, ask, status }] of Object.entries(endings)) {
  for (const onClose of policies) {
    test(`a child whose parent ${what} is left ${fate[onClose]} by the policy ${onClose} (scenario 23)`, async (t) => {
      const engine = await play(t, body, onClose);
      t.is((await statuses(engine))['p/0#0'], 'waiting');

      if (ask) await engine.tempolite.run('p')[ask]();
      await engine.clock.advance('1 minute');

      t.deepEqual(await statuses(engine), { p: status, 'p/0#0': fate[onClose] });
      t.deepEqual(engine.tidied, onClose === 'cancel' ? ['p/0/child:waiter#0'] : []);
    });
  }
}

test('an abandoned child goes on alone to its own end', async (t) => {
  const engine = await play(t, (waiter) => execute(waiter, 'a', { onClose: 'abandon' }));
  const waiter = waiterOf([]);
  await engine.tempolite.run('p').cancel();
  await statuses(engine);

  await engine.tempolite.run('p/0/child:waiter#0').signal(go, 'went');

  t.is(await engine.clock.until(engine.tempolite.run('p/0/child:waiter#0', waiter).result()), 'a went');
});

test('a cancellation reaches grandchildren', async (t) => {
  const tidied: string[] = [];
  const waiter = waiterOf(tidied);
  const middle = workflow('middle', (n$: Observable<number>) => n$.pipe(mergeMap(() => execute(waiter, 'a'))));
  const root = workflow('root', (n$: Observable<number>) => n$.pipe(childWorkflow(middle)));
  const engine = await engineOf(t, { workflows: [root, middle, waiter] });
  const run = await engine.tempolite.start(root, 0, { id: 'p' });
  await engine.clock.settle();

  await run.cancel();

  await t.throwsAsync(engine.clock.until(run.result()), { code: 'RUN_CANCELLED' });
  t.deepEqual(Object.values(await statuses(engine)), ['cancelled', 'cancelled', 'cancelled']);
  t.is(tidied.length, 1);
});

test('a failed parent that is replayed has a child that was cancelled with it started anew', async (t) => {
  let broken = true;
  const fails = defineActivity('fails', once, () => {
    if (broken) throw new Error('down');
    return 'mended';
  });
  const engine = await play(t, (waiter) => forkJoin([execute(waiter, 'a'), execute(fails, 0)]));
  await t.throwsAsync(engine.clock.until(engine.tempolite.run('p').result()), { code: 'ACTIVITY_FAILED' });
  t.deepEqual(await statuses(engine), { p: 'failed', 'p/0#0': 'cancelled' });
  broken = false;

  await engine.tempolite.run('p').replay();
  await engine.clock.settle();
  await engine.tempolite.run('p/0/child:waiter#0~1').signal(go, 'went');

  t.deepEqual(await engine.clock.until(engine.tempolite.run('p').result()), ['a went', 'mended']);
  t.deepEqual(await statuses(engine), { p: 'completed', 'p/0#0': 'cancelled', 'p/0#0~1': 'completed' });
});

for (const onClose of policies) {
  test(`a parent that is rewound behind the start of a child leaves it ${fate[onClose]} (${onClose}) and starts another`, async (t) => {
    const engine = await play(t, (waiter) => execute(waiter, 'a', { onClose }), onClose);
    await engine.tempolite.run('p').pause();

    await engine.tempolite.run('p').rewind(0);
    await engine.clock.settle();

    t.deepEqual(await statuses(engine), { p: 'waiting', 'p/0#0': fate[onClose], 'p/0#0~1': 'waiting' });
    await engine.tempolite.run('p/0/child:waiter#0~1').signal(go, 'again');
    t.is(await engine.clock.until(engine.tempolite.run('p').result()), 'a again');
  });
}
