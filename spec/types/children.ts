// Compiled, never run: what the types of children and links let pass, and what they refuse.
import { expectTypeOf } from 'expect-type';
import * as io from 'io-ts';
import { concat, mergeMap, of, type Observable, type OperatorFunction } from 'rxjs';
import { childWorkflow, continueAsNew, execute, workflow, type WorkflowDefinition } from '../../source/index.js';

const Item = io.type({ sku: io.string });

const ship = workflow('ship', { input: Item }, (item$) => item$.pipe(mergeMap(({ sku }) => of(sku.length))));
expectTypeOf(ship).toEqualTypeOf<WorkflowDefinition<{ sku: string }, number>>();

expectTypeOf(childWorkflow(ship)).toEqualTypeOf<OperatorFunction<{ sku: string }, number>>();
expectTypeOf(childWorkflow(ship, { concurrency: 3, onClose: 'abandon', tags: { a: 'b' }, priority: 1 })).toEqualTypeOf<
  OperatorFunction<{ sku: string }, number>
>();
expectTypeOf(execute(ship, { sku: 'a' })).toEqualTypeOf<Observable<number>>();
expectTypeOf(execute(ship, { sku: 'a' }, { onClose: 'terminate' })).toEqualTypeOf<Observable<number>>();
expectTypeOf(of({ sku: 'a' }).pipe(childWorkflow(ship))).toEqualTypeOf<Observable<number>>();

// It emits nothing, and so adds nothing to the type of the output.
expectTypeOf(continueAsNew(1)).toEqualTypeOf<Observable<never>>();
expectTypeOf(concat(of(1), continueAsNew(2, { version: 'newest' }))).toEqualTypeOf<Observable<number>>();

// @ts-expect-error -- an input of another type
of('text').pipe(childWorkflow(ship));
// @ts-expect-error -- the same with execute
execute(ship, 'text');
// @ts-expect-error -- a policy that there is not
childWorkflow(ship, { onClose: 'forget' });
// @ts-expect-error -- concurrency is of the operator
execute(ship, { sku: 'a' }, { concurrency: 2 });
// @ts-expect-error -- a version that there is not
continueAsNew(1, { version: 'oldest' });
