import type { ArchivedRun } from './archive.js';
import type { TerminalStatus } from './status.js';

/** Which ended runs are to go. */
export interface Pruning {
  readonly statuses: readonly TerminalStatus[];
  /** Only those that have ended before this instant. */
  readonly endedBefore: number;
  /** So many of each workflow stay, the newest. */
  readonly keep: number;
}

/** What is done to a database beside executing runs. Each call is one short transaction, or one snapshot. */
export interface Care {
  /**
   * Takes runs away that fit, each with all its descendants, and only if all of them have ended: a child goes with its parent, unless that
   * is in a later link by now. They are gone at once; their rows are deleted later (`pruneRows`). `after`: where to go on, if there may be
   * more.
   */
  pruneRuns(
    what: Pruning,
    page: { readonly after: number; readonly limit: number },
  ): Promise<{ readonly runs: number; readonly after: number | undefined }>;
  /** Deletes rows of runs that were taken away; answers how many. None are left when that is 0. */
  pruneRows(limit: number): Promise<number>;
  /** Deletes big payloads that no row refers to any more. */
  pruneBig(page: {
    readonly after: string;
    readonly limit: number;
  }): Promise<{ readonly payloads: number; readonly after: string | undefined }>;
  /** All that is stored of a run, as of one instant; with its descendants, behind it. None when there is no such run. */
  archive(runId: string, withChildren: boolean): Promise<readonly ArchivedRun[]>;
  /** Writes runs that were archived, all of them or none. `RUN_EXISTS` when one of the ids is taken. */
  restore(runs: readonly ArchivedRun[]): Promise<void>;
}

/** What can be done to a database that is a file of this machine. */
export interface FileCare {
  /** Writes a copy, as of one instant, to a file that must not exist. */
  backup(path: string): Promise<void>;
  /** What is wrong with the file, nothing if all is well. `deep` compares indexes with their tables as well. */
  damages(deep: boolean): Promise<readonly string[]>;
  /** Gives so many free pages back to the file system; answers how many are left. 0 for a file that keeps them. */
  shrink(pages: number): Promise<number>;
  /** Writes the whole file anew, without free pages. Nobody else can write in the meantime. */
  rewrite(): Promise<void>;
}
