import type { ExecutionContext } from 'ava';
import type { Observable } from 'rxjs';
import { workflow, type Duration } from '../../source/index.js';
import { engineOf } from './engine.js';

export interface Outcome<O> {
  readonly outputs: readonly O[];
  /** What the run failed with. */
  readonly error: unknown;
}

interface How {
  readonly cleanUpLimit?: Duration;
  /** When nothing happens any more, the run is cancelled. */
  readonly cancel?: boolean;
}

/** What a pipeline comes to, given an empty text. */
export const outcomeOf = async <O>(
  t: ExecutionContext,
  body: (text$: Observable<string>) => Observable<O>,
  { cleanUpLimit = '1 day', cancel = false }: How = {},
): Promise<Outcome<O>> => {
  const definition = workflow<string, O>('pipeline', { cleanUpLimit }, body);
  const { tempolite, clock } = await engineOf(t, { workflows: [definition] });
  const run = await tempolite.start(definition, '', { id: 'run' });
  const outputs: O[] = [];
  run.output$.subscribe((output) => outputs.push(output));
  if (cancel) {
    await clock.settle();
    await run.cancel();
  }
  const error = await clock.until(run.result()).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  await clock.settle();
  return { outputs, error };
};

export const codeOf = (error: unknown): string | undefined => (error as { readonly code?: string } | undefined)?.code;
export const messageOf = (error: unknown): string | undefined => (error as Error | undefined)?.message;
/** The message of the innermost cause. */
export const rootOf = (error: unknown): string | undefined => {
  const cause = (error as Error | undefined)?.cause;
  return cause === undefined ? messageOf(error) : rootOf(cause);
};
