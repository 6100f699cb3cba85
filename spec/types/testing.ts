import { expectTypeOf } from 'expect-type';
import { delay, type Observable } from 'rxjs';
import { defineSignal, workflow } from '../../source/index.js';
import {
  crashEverywhere,
  signalAt,
  takes,
  TestEngine,
  workflowMarbles,
  type TestRun,
  type World,
} from '../../source/testing/index.js';

const approval = defineSignal<boolean>('approval');
const order = workflow('order', (n$: Observable<number>) => n$.pipe(delay(1)));

export const engine = async (): Promise<void> => {
  const it = await TestEngine.open({ workflows: [order], activities: { charge: takes('1 s', (n: number) => `${n}`) } });
  const run = await it.start(order, 1);
  expectTypeOf(run).toEqualTypeOf<TestRun<number>>();
  expectTypeOf(await run.result()).toEqualTypeOf<number | undefined>();
  // @ts-expect-error -- the input of this workflow is a number
  await it.start(order, 'one');
  // @ts-expect-error -- the payload of this signal is a boolean
  await run.signal(approval, 'yes');
  // @ts-expect-error -- the payload of this signal is a boolean
  run.signalAt('1 day', approval, 'yes');
};

export const world: World = {
  activities: { charge: (n: number, { after }) => after(n) },
  // @ts-expect-error -- the payload of this signal is a boolean
  signals: [signalAt('1 day', approval, 'yes')],
};

// @ts-expect-error -- the input of this workflow is a number
export const crashed = crashEverywhere(order, 'one', world);

export const marbles = workflowMarbles(({ cold, expectOutput }) => {
  expectTypeOf(cold('a|')).toEqualTypeOf<Observable<string>>();
  expectTypeOf(cold('a|', { a: 1 })).toEqualTypeOf<Observable<number>>();
  expectOutput(order, 1).toBe('-a|', { a: 1 });
  // @ts-expect-error -- a workflow of a number needs its input
  expectOutput(order).toBe('-a|');
});
