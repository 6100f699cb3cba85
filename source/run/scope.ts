/**
 * In which part of a run a command was issued; its record is delivered in the same one, so that whatever it leads to belongs there, too.
 */
export interface Scope {
  /** Clean-up outlives the pipeline: the run ends after it. */
  readonly cleanUp: boolean;
  /** The saga whose steps these are, if it is one. */
  readonly saga: { readonly key: string } | undefined;
}

export const mainScope: Scope = { cleanUp: false, saga: undefined };
export const cleanUpScope: Scope = { cleanUp: true, saga: undefined };
