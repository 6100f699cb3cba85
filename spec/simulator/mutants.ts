/** A bug that is put into the compiled core on purpose. */
export interface Mutant {
  readonly name: string;
  /** Below `dist/source/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** What the simulator has to find. */
export const mutants: readonly Mutant[] = [
  {
    name: 'the drain of microtasks between two turns is skipped',
    file: 'run/turns.js',
    find: 'endCurrent();\n    if (phaseEnds === 0)',
    replace: 'endCurrent();\n    beginNext();\n    endCurrent();\n    if (phaseEnds === 0)',
  },
  {
    name: 'events are delivered before their commit has returned',
    file: 'run/execution.js',
    find: 'await this.#host.commit(change);',
    replace: 'void this.#host.commit(change);',
  },
  {
    name: 'a cancellation is dropped',
    file: 'run/cancellations.js',
    find: 'this.#asked.push(command);',
    replace: '',
  },
  {
    name: 'what is cancelled is not aborted',
    file: 'run/cancellations.js',
    find: 'this.#launched.push(command);',
    replace: '{}',
  },
  {
    name: 'ordinals come round again',
    file: 'run/step-key.js',
    find: 'ordinal + 1',
    replace: '(ordinal + 1) % 3',
  },
  {
    name: 'results come before timers that were due earlier',
    file: 'run/ready.js',
    find: 'const [first] = timers;',
    replace: 'const first = undefined;',
  },
  {
    name: 'a signal whose consumption was skipped is lost',
    file: 'run/history.js',
    find: "if (event.type === 'signal-received')\n                    this.#mailbox.giveBack(letterOf(event));",
    replace: '',
  },
  {
    name: 'a signal that was given back twice is there twice',
    file: 'run/mailbox.js',
    find: 'if (!this.#queues.get(signal.name)?.some(({ id }) => id === signal.id))',
    replace: 'if (true)',
  },
  {
    name: 'waits of one batch take several letters of a name',
    file: 'run/ready.js',
    find: 'isTaken = true;',
    replace: '',
  },
  {
    name: 'waits are served last in, first out',
    file: 'run/ready.js',
    find: 'waits.filter(',
    replace: '[...waits].reverse().filter(',
  },
  {
    name: 'failed attempts are forgotten by a restart',
    file: 'run/decide.js',
    find: 'attempts: event.index',
    replace: 'attempts: 0',
  },
  {
    name: 'the clock stands still on replay',
    file: 'run/execution.js',
    find: 'this.clock = Math.max(this.clock, event.at);',
    replace: "if (this.#phase !== 'replaying') this.clock = Math.max(this.clock, event.at);",
  },
  {
    name: 'activities start when they are asked for',
    file: 'run/execution.js',
    find: 'const command = this.#commands.issue(spec, this.clock);',
    replace:
      "const command = this.#commands.issue(spec, this.clock);\n        if (spec.kind === 'activity') this.#host.launch(this, command);",
  },
  {
    name: 'a run that leaves memory forgets its timer',
    file: 'engine/worker.js',
    find: 'this.#stored.expect(nextDue);',
    replace: '{}',
  },
  {
    name: 'a stream repeats its last value after a restart',
    file: 'engine/activity-run.js',
    find: 'seen <= skip',
    replace: 'seen < skip',
  },
  {
    name: 'a lost acknowledgement is not read back',
    file: 'engine/commit-retry.js',
    find: 'if (refused && (await isStored(journal, commit)))',
    replace: 'if (false)',
  },
  {
    name: 'timers that were cancelled fire',
    file: 'run/ready.js',
    find: "if (next.command.state === 'pending')\n                return next.due;",
    replace: "if (next.command.state !== 'settled')\n                return next.due;",
  },
  {
    name: 'a run with work in flight still says that it waits',
    file: 'run/stored-status.js',
    find: "this.#status === 'running' || !works",
    replace: 'true',
  },
  {
    name: 'a timer fires when it is noticed, not when it was due',
    file: 'run/compose.js',
    find: "outcome.type === 'timer-fired' ? time : now",
    replace: 'now',
  },
];
