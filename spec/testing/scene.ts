import test from 'ava';
import type { Observable } from 'rxjs';
import { awaitSignal, childWorkflow, defineSignal, workflow } from '../../source/index.js';
import { requestAt, signalAt, type World } from '../../source/testing/index.js';
import { perform, type Performance } from '../../source/testing/perform.js';
import type { Deed } from '../../source/testing/scene.js';

const note = defineSignal<string>('note');
const child = workflow('child', (n$: Observable<number>) => n$.pipe(awaitSignal(note)));
const parent = workflow('parent', (n$: Observable<number>) => n$.pipe(childWorkflow(child)));
const childId = 'run/0/child:child#0';

const played = (world: World, deeds: readonly Deed[] = []): Promise<Performance> =>
  perform({ runs: [{ id: 'run', workflow: parent, input: 1 }], world: { workflows: [child], ...world }, deeds });
const statuses = ({ histories }: Performance): readonly string[] => histories.map(({ run }) => run.status);

test('a signal of the world reaches the run that it names, also one that is there later', async (t) => {
  const { histories } = await played({ signals: [signalAt(10, note, 'hello', childId)] });

  t.is(histories[0]?.events.find(({ type }) => type === 'output-emitted')?.at, (histories[0]?.run.createdAt ?? 0) + 10);
});

test('a request of the world reaches the run that it names, also one that is there later', async (t) => {
  t.deepEqual(statuses(await played({ requests: [requestAt(10, 'cancel', childId)] })), ['failed', 'cancelled']);
});

test('what is sent to a run that is not there is passed over', async (t) => {
  const world = { signals: [signalAt(0, note, 'hello', 'nobody')], requests: [requestAt(0, 'cancel', 'nobody')] };

  t.deepEqual(statuses(await played({ ...world, until: 100 })), ['waiting', 'waiting']);
});

test('what is done to a scene while no process is up is done with the next one', async (t) => {
  const seen: (number | undefined)[] = [];
  const deed: Deed = {
    at: 20,
    act: async ({ tempolite, now }) => {
      if (tempolite) seen.push(now);
      else seen.push(undefined);
      await tempolite?.start(parent, 2, { id: 'other' });
      return tempolite !== undefined;
    },
  };
  const world = { outages: [{ at: 10, length: 20 }], until: 100 };
  const { histories, start } = await played(world, [deed]);

  t.deepEqual(
    seen.map((at) => at && at - start),
    [undefined, 30],
  );
  t.deepEqual(
    histories.filter(({ run }) => run.id === 'other').map(({ run }) => run.createdAt - start),
    [30],
  );
});
