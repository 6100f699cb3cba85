import type { Waiting } from './entry.js';
import { mergeOf } from './merges.js';

/** Entries that are written together, at the place of the first. */
export type Group = readonly [Waiting, ...Waiting[]];

/**
 * Groups those whose statements can be merged. An entry joins the group before it when it passes nothing that concerns one of its runs:
 * what concerns one run keeps its order, and a group has each run once, or only events of it.
 */
export const mergeGroups = (entries: readonly Waiting[]): readonly Group[] => {
  const groups: [Waiting, ...Waiting[]][] = [];
  let open: [Waiting, ...Waiting[]] | undefined;
  /** Runs of the group that take nothing more, and of what stands behind it. */
  let closed = new Set<string>();
  /** Runs of the group, of which it has only events. */
  let appended = new Set<string>();
  for (const waiting of entries) {
    const { entry } = waiting;
    const kind = kindOf(waiting);
    const mayJoin = entry.runs.every((run) => !closed.has(run) && (kind === 'ordered' || !appended.has(run)));
    if (kind !== 'single' && open && mayJoin) {
      open.push(waiting);
    } else {
      const group: [Waiting, ...Waiting[]] = [waiting];
      groups.push(group);
      if (kind !== 'single' || entry.runs.length === 0) {
        // Nobody knows which runs it concerns when it names none: nothing passes it.
        open = kind === 'single' ? undefined : group;
        closed = new Set();
        appended = new Set();
      }
    }
    for (const run of entry.runs) (kind === 'ordered' ? appended : closed).add(run);
  }
  return groups;
};

const kindOf = ({ entry }: Waiting): 'single' | 'ordered' | 'merged' => {
  if (entry.alone || entry.forWriter || entry.transact || entry.queries.length === 0) return 'single';
  const merges = entry.queries.map(mergeOf);
  if (merges.includes(undefined)) return 'single';
  return merges.every((merge) => merge?.isOrdered) ? 'ordered' : 'merged';
};
