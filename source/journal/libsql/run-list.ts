import type { RunFilter } from '../run-record.js';
import type { Binding } from './connection.js';
import * as sql from './statements.js';

/** The statement that lists what fits a filter. */
export const listOf = (
  filter: RunFilter,
  page: { readonly after?: string; readonly limit: number },
): { readonly statement: string; readonly bindings: readonly Binding[] } => {
  const conditions: string[] = [];
  const bindings: Binding[] = [page.after ?? null];
  if (filter.workflow !== undefined) {
    conditions.push('workflow = ?');
    bindings.push(filter.workflow);
  }
  if (filter.status !== undefined) {
    conditions.push('status IN (SELECT value FROM json_each(?))');
    bindings.push(JSON.stringify([filter.status].flat()));
  }
  if (filter.parent !== undefined) {
    conditions.push('parent = (SELECT num FROM tempolite_runs WHERE id = ?)');
    bindings.push(filter.parent);
  }
  for (const [name, value] of Object.entries(filter.tags ?? {})) {
    conditions.push('EXISTS (SELECT 1 FROM json_each(tags) tag WHERE tag.key = ? AND tag.value = ?)');
    bindings.push(name, value);
  }
  bindings.push(BigInt(Math.min(page.limit, Number.MAX_SAFE_INTEGER)));
  return { statement: sql.listRuns(conditions), bindings };
};
