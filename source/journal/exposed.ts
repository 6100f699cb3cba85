/** The latest value that a run has published under a name. */
export interface Exposed {
  readonly name: string;
  readonly payload: string;
  /** The run's clock then. */
  readonly at: number;
}
