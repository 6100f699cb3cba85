import type { Either } from 'fp-ts/lib/Either.js';
import { expectTypeOf } from 'expect-type';
import * as t from 'io-ts';
import type { Observable } from 'rxjs';
import { map } from 'rxjs';
import {
  defineSignal,
  isTerminal,
  Tempolite,
  workflow,
  type ErrorCode,
  type RunEvent,
  type RunState,
  type RunStatus,
} from '../../source/index.js';
import type { Connection } from '../../source/journal/libsql/connection.js';

// What a caller may pass and gets back. Compiled, never run.

declare const tempolite: Tempolite;
const Order = t.type({ total: t.number });
const order = workflow('order', { input: Order }, (order$) => order$.pipe(map(({ total }) => `${total} paid`)));
const approval = defineSignal('approval', t.boolean);
const poke = defineSignal('poke');

export const starts = async (): Promise<void> => {
  const run = await tempolite.start(order, { total: 5 }, { id: 'a', priority: 1, tags: { city: 'Berlin' } });
  expectTypeOf(await run.result()).toEqualTypeOf<string | undefined>();
  expectTypeOf(run.output$).toEqualTypeOf<Observable<string>>();
  expectTypeOf(run.state$).toEqualTypeOf<Observable<RunState<string>>>();
  expectTypeOf(run.events$).toEqualTypeOf<Observable<RunEvent>>();
  expectTypeOf(await run.resultEither()()).toEqualTypeOf<Either<unknown, string | undefined>>();

  expectTypeOf(await tempolite.run('a', order).result()).toEqualTypeOf<string | undefined>();
  expectTypeOf(await tempolite.run('a').result()).toEqualTypeOf<unknown>();

  // @ts-expect-error the workflow wants an order
  await tempolite.start(order, { total: '5' });
  // @ts-expect-error the workflow wants an input
  await tempolite.start(order);
  // @ts-expect-error tags are texts
  await tempolite.start(order, { total: 5 }, { tags: { vip: true } });
  // @ts-expect-error no such option
  await tempolite.start(order, { total: 5 }, { identifier: 'a' });
};

export const signalling = async (): Promise<void> => {
  const run = tempolite.run('a');
  await run.signal(approval, true);
  await run.signal(approval, false, { idempotencyKey: 'k' });
  await run.signal(poke);
  await run.signal(poke, undefined, { idempotencyKey: 'k' });

  // @ts-expect-error the payload is a boolean
  await run.signal(approval, 'yes');
  // @ts-expect-error the payload is missing
  await run.signal(approval);
  // @ts-expect-error this signal has no payload
  await run.signal(poke, 5);
  // @ts-expect-error keys are texts
  await run.signal(approval, true, { idempotencyKey: true });
};

export const opening = async (): Promise<void> => {
  await Tempolite.open({ workflows: [order] });
  await Tempolite.open({ url: 'file:a.db', worker: false });
  // @ts-expect-error a worker is there or not
  await Tempolite.open({ url: 'file:a.db', worker: 'none' });
  // @ts-expect-error no such durability
  await Tempolite.open({ workflows: [order], durability: 'sometimes' });
};

export const listing = async (): Promise<void> => {
  await tempolite.list({ status: ['failed', 'blocked'], workflow: 'order', limit: 5 });
  // @ts-expect-error no such status
  await tempolite.list({ status: 'done' });
};

export const vocabulary = (status: RunStatus): void => {
  if (isTerminal(status))
    expectTypeOf(status).toEqualTypeOf<'completed' | 'failed' | 'cancelled' | 'terminated' | 'continued'>();
  expectTypeOf<'JOURNAL_BUSY'>().toExtend<ErrorCode>();
  expectTypeOf<'MISTYPED'>().not.toExtend<ErrorCode>();
};

export const bindings = (connection: Connection): void => {
  connection.all('SELECT ?, ?, ?', [null, 'text', 5n]);
  // @ts-expect-error a boolean aborts the process
  connection.all('SELECT ?', [true]);
  // @ts-expect-error a number is written as REAL
  connection.all('SELECT ?', [5]);
  // @ts-expect-error an object aborts the process
  connection.all('SELECT ?', [{}]);
};
