import { concat, throwError, type Observable, type OperatorFunction } from 'rxjs';
import {
  activity,
  compensate,
  finalizeWith,
  step,
  workflow,
  type ExecutionOptions,
  type RetryPolicy,
  type StepOptions,
  type WorkflowOptions,
} from '../../source/index.js';
import type { StubContext, Stubs, World } from '../../source/testing/index.js';
import type { Scene } from '../../source/testing/scene.js';

const outside = (): never => {
  throw new Error('the world of the play stands in for this');
};

/**
 * A step of which its name tells all: `a:10` takes 10 ms and adds its letter to the text that it is given, `b:10!` fails then, `c:10?`
 * fails until its saga is begun anew. Of its compensation `a:10~` says that it always fails, `a:10~2` that it fails twice.
 */
export const book = (name: string, options: StepOptions<string, string> = {}): OperatorFunction<string, string> =>
  step<string, string>(name, outside, outside, { retry: once, compensation: quick, ...options });

export const once: RetryPolicy = { maxAttempts: 1 };
const quick: ExecutionOptions = { retry: { maxAttempts: 3, initialInterval: 5, backoff: 1, jitter: 0 } };

/** An undoing takes this long. */
const undoMs = 7;

const grammar =
  /^(?:(?<saga>.*)\/)?(?<letter>\w+):(?<ms>\d+)(?<fate>[!?]?)(?<undo>~\d*)?(?<compensation>\.compensation)?$/;

const act = async (name: string, input: unknown, context: StubContext): Promise<unknown> => {
  const { letter = '', ms = '0', fate, undo, compensation } = grammar.exec(name)?.groups ?? {};
  if (compensation !== undefined) {
    await context.after(undoMs);
    const failures = undo === undefined ? 0 : undo === '~' ? Infinity : Number(undo.slice(1));
    if (context.attempt <= failures) throw new Error(`${letter} cannot be undone`);
    return undefined;
  }
  await context.after(Number(ms));
  const isFirst = context.idempotencyKey.split('/').at(-3)?.includes('.') !== true && context.dropped === 0;
  if (fate === '!' || (fate === '?' && isFirst)) throw new Error(`${letter} is sold out`);
  return `${String(input)}${letter}`;
};

/** The outside world of steps, finalizers and activities with such names. */
export const bookings: Stubs = new Proxy<Stubs>(
  {},
  {
    get: (_, name) =>
      typeof name === 'string' && grammar.test(name)
        ? (input: never, context: StubContext) => act(name, input, context)
        : undefined,
  },
);

export const play = (
  body: (text$: Observable<string>) => Observable<unknown>,
  world: Omit<World, 'activities'> = {},
  options: WorkflowOptions<string, unknown> = {},
): Scene => ({
  runs: [{ id: 'run', workflow: workflow('play', options, body), input: '' }],
  world: { activities: bookings, ...world },
});

/** What something failed with goes on as it is. */
// eslint-disable-next-line rxjs-x/throw-error
export const rethrown = (error: unknown): Observable<never> => throwError(() => error);

type Source = Observable<string>;

/** Work that has nothing to undo. */
export const ship = (name: string): ((source: Source) => Source) =>
  activity<string, string>(name, (text) => text, { retry: once });

/** Clean-up. */
export const tidy = (name: string): ((source: Source) => Source) =>
  finalizeWith<string>(name, () => undefined, { retry: once });

export const undoneAndRethrown = (name: string) => (error: unknown) => concat(compensate(name), rethrown(error));
