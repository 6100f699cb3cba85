import type { Logger } from '../../source/index.js';

/** What an engine says of an error or a warning. */
export interface Said {
  readonly text: string;
  readonly code: unknown;
  readonly runId: unknown;
  readonly message: string;
}

export interface Ear {
  readonly logger: Logger;
  readonly heard: readonly Said[];
  /** The first thing said from now on for which `fits` holds. */
  readonly next: (fits: (said: Said) => boolean) => Promise<Said>;
}

/** A logger that tells what it hears, so that a test can wait for it. */
export const listening = (): Ear => {
  const heard: Said[] = [];
  const waiters = new Set<(said: Said) => void>();
  const hear: Logger['error'] = (fields, text) => {
    const { error, runId } = fields as { readonly error?: unknown; readonly runId?: unknown };
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const said = { text, code, runId, message: error instanceof Error ? error.message : '' };
    heard.push(said);
    for (const waiter of [...waiters]) waiter(said);
  };
  return {
    heard,
    logger: { debug: () => undefined, info: () => undefined, warn: hear, error: hear },
    next: (fits) =>
      new Promise((resolve) => {
        const waiter = (said: Said): void => {
          if (!fits(said)) return;
          waiters.delete(waiter);
          resolve(said);
        };
        waiters.add(waiter);
      }),
  };
};
