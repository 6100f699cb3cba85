import type { RunFilter } from '../run-record.js';
import type { Binding } from './connection.js';

/** What a filter asks for, in SQL: all of it must hold. */
export const conditionsOf = (
  filter: RunFilter,
): { readonly conditions: readonly string[]; readonly bindings: readonly Binding[] } => {
  const conditions: string[] = [];
  const bindings: Binding[] = [];
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
  return { conditions, bindings };
};
