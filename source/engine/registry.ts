import { EngineError } from '../errors.js';
import type { AnyWorkflow, WorkflowDefinition } from '../run/workflow.js';

/** The workflows that a worker knows, by name and version. New runs take the newest version, runs in flight keep theirs. */
export class Registry {
  readonly #versions = new Map<string, Map<number, WorkflowDefinition<unknown, unknown>>>();

  constructor(workflows: readonly AnyWorkflow[]) {
    for (const workflow of workflows) this.#register(workflow);
  }

  get names(): readonly string[] {
    return [...this.#versions.keys()];
  }

  get all(): readonly { readonly name: string; readonly version: number }[] {
    return [...this.#versions.values()].flatMap((versions) => [...versions.values()]);
  }

  find(name: string, version: number): WorkflowDefinition<unknown, unknown> | undefined {
    return this.#versions.get(name)?.get(version);
  }

  newestVersion(name: string): number | undefined {
    const versions = this.#versions.get(name);
    return versions && Math.max(...versions.keys());
  }

  /** Those that a run of this version may have had before, the newest first. */
  upTo(name: string, version: number): readonly WorkflowDefinition<unknown, unknown>[] {
    const versions = [...(this.#versions.get(name)?.values() ?? [])];
    return versions.filter((one) => one.version <= version).sort((one, other) => other.version - one.version);
  }

  newest(name: string): WorkflowDefinition<unknown, unknown> {
    const newest = this.find(name, this.newestVersion(name) ?? 0);
    if (newest) return newest;
    const known = this.names.length > 0 ? this.names.join(', ') : 'none';
    throw new EngineError(
      'WORKFLOW_NOT_REGISTERED',
      `workflow "${name}" is not registered here (registered: ${known}). Add it to \`workflows\` of Tempolite.open, so that its ` +
        'runs go on after a restart, too.',
    );
  }

  #register(workflow: AnyWorkflow): void {
    const versions = this.#versions.get(workflow.name) ?? new Map<number, WorkflowDefinition<unknown, unknown>>();
    if (versions.has(workflow.version)) {
      throw new EngineError(
        'INVALID_ARGUMENT',
        `workflow "${workflow.name}" is registered twice in version ${workflow.version}: give one of them another name or version`,
      );
    }
    // The journal holds a run's values encoded, and only this definition's own codecs read them.
    versions.set(workflow.version, workflow);
    this.#versions.set(workflow.name, versions);
  }
}
