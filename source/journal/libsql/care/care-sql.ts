import type { Binding } from '../connection.js';

/** Each yields rows; one that writes has a RETURNING. */
export interface CareStatement {
  readonly sql: string;
  readonly bindings: readonly Binding[];
}

export type Rows = readonly (readonly unknown[])[];

/** All that taking care of a database asks of a driver. */
export interface CareSql {
  /** The rows of each statement, as of one instant. */
  read(statements: readonly CareStatement[]): Promise<readonly Rows[]>;
  /** The same in one transaction, all of them or none. `undefined` when they were written, but what they gave was lost on the way. */
  write(statements: readonly CareStatement[]): Promise<readonly Rows[] | undefined>;
}
