/** A bug that is put into the compiled core on purpose. */
export interface Mutant {
  readonly name: string;
  /** Below `dist/source/`. */
  readonly file: string;
  /** What the file has once: where it stands elsewhere too, the bug would be put in the wrong place. */
  readonly find: string;
  readonly replace: string;
}

/** The code with the bug in it. Told only where it is in one place: in any other it would be another bug. */
export const mutated = (code: string, { name, file, find, replace }: Mutant): string => {
  const [before, after, ...more] = code.split(find);
  if (before !== undefined && after !== undefined && more.length === 0) return `${before}${replace}${after}`;
  throw new Error(
    `the bug "${name}" is put where ${file} has ${JSON.stringify(find)}, which is to be there once; found ` +
      `${code.split(find).length - 1} times: tell its place anew`,
  );
};

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
    find: 'const events = await this.#host.commit(prepared.commit);',
    replace: 'void this.#host.commit(prepared.commit);\n        const { events } = prepared.commit;',
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
    name: 'a run counts on its reply to a signal that was not stored',
    file: 'engine/signals.js',
    find: 'this.#host?.restart(replied.execution);',
    replace: '{}',
  },
  {
    name: 'a signal whose consumption was skipped is lost',
    file: 'run/history.js',
    find: 'skip(event) {',
    replace: 'skip(event) {\n        if (event) return;',
  },
  {
    name: 'a signal that was given back twice is there twice',
    file: 'run/mailbox.js',
    find: 'if (this.#queues.get(name)?.some((other) => other.id === id))',
    replace: 'if (false)',
  },
  {
    name: 'a signal that was given back came when it was consumed',
    file: 'run/mailbox.js',
    find: 'this.#undated.add(id);',
    replace: ';',
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
    find: 'waits.push(command);',
    replace: 'waits.unshift(command);',
  },
  {
    name: 'failed attempts are forgotten by a restart',
    file: 'run/decide.js',
    find: 'attempts: event.index',
    replace: 'attempts: 0',
  },
  {
    name: 'the clock stands still on replay',
    file: 'run/live-context.js',
    find: 'this.clock = Math.max(this.clock, event.at);',
    replace: 'if (!this.#owner.hasMore()) this.clock = Math.max(this.clock, event.at);',
  },
  {
    name: 'activities start with the turn that asks for them, not after its batch',
    file: 'run/execution.js',
    find: 'this.#turnsLeft -= 1;',
    replace:
      "if (this.#phase === 'delivering')\n            settleBatch(this, this.#host, this.#batch, this.#after.launches(undefined, this.#holds));\n        this.#turnsLeft -= 1;",
  },
  {
    name: 'what a failed run has asked for and not begun is begun all the same',
    file: 'run/execution.js',
    find: "this.#phase = 'committing';\n        const events",
    replace:
      "settleBatch(this, this.#host, this.#batch, () => true);\n        this.#phase = 'committing';\n        const events",
  },
  {
    name: 'a run that leaves memory forgets its timer',
    file: 'engine/worker.js',
    find: 'this.stored.expect(due);\n    }\n    // ── waking',
    replace: '{}\n    }\n    // ── waking',
  },
  {
    name: 'a stream repeats its last value after a restart',
    file: 'engine/activity-run.js',
    find: 'this.#seen <= this.#skip',
    replace: 'this.#seen < this.#skip',
  },
  {
    name: 'a lost acknowledgement is not read back',
    file: 'engine/commit-retry.js',
    find: 'const isSame = ',
    replace: 'return undefined;\n    const isSame = ',
  },
  {
    name: 'timers that were cancelled fire',
    file: 'run/ready.js',
    find: "next.command.state === 'pending' && isArmed",
    replace: "next.command.state !== 'settled' && isArmed",
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
    find: 'hasItsTime(outcome) ? time : now',
    replace: 'now',
  },
  {
    name: 'a saga does not wait for the steps that are in flight',
    file: 'operators/saga-scope.js',
    find: 'if (this.#inFlight.size > 0)\n            return;\n        const settled',
    replace: 'const settled',
  },
  {
    name: 'a step that may have begun is not tried again after a crash',
    file: 'engine/activity-run.js',
    find: 'this.#isLastAttempt && instant > this.#settings.clock.now()',
    replace: 'this.#isLastAttempt',
  },
  {
    name: 'a failed run is recorded before it has cleaned up',
    file: 'run/after-end.js',
    find: '!this.isRecorded && !cleanUps.pending ?',
    replace: '!this.isRecorded ?',
  },
  {
    name: 'a retry drops the successes too',
    file: 'run/history.js',
    find: 'command.epoch !== event.epoch || !keeps',
    replace: 'true',
  },
  {
    name: 'what a failed run has in flight is cancelled',
    file: 'run/live-context.js',
    find: 'this.cancellations.forget();',
    replace: 'for (const command of [...this.commands.pending.values()]) this.cancellations.cancel(command);',
  },
  {
    name: 'what is recorded in a pause is of several batches',
    file: 'run/next-commit.js',
    find: "holds === 'no' ? seq : this.#pages.holdBatch()",
    replace: 'seq',
  },
  {
    name: 'a run that is at its end can be cancelled',
    file: 'engine/requests.js',
    find: '!takenIn[control.type].includes(record.status)',
    replace: 'false',
  },
  {
    name: 'a choice that nobody waits for any more is not recorded',
    file: 'run/next-commit.js',
    find: 'if (takenBack.length === 0)',
    replace: 'if (takenBack.length >= 0)',
  },
  {
    name: 'the clean-up belongs to the pipeline',
    file: 'run/live-context.js',
    find: 'this.ready.forgetWaits(({ scope }) => !scope.cleanUp);',
    replace:
      'this.ready.forgetWaits(() => true);\n        for (const command of [...this.commands.pending.values()]) this.cancellations.cancel(command);',
  },
  {
    name: 'a transaction runs once more after a lost answer',
    file: 'engine/commit-retry.js',
    find: 'open.has(event.seq) ? sameStep(event, events[index]) : ',
    replace: '',
  },
  {
    name: 'a retry brings back what a rewind has dropped',
    file: 'run/rewinds.js',
    find: '!isCut(dropped, seq)',
    replace: 'true',
  },
  {
    name: 'a fork has the ways back that its source took later',
    file: 'journal/libsql/run-writer.js',
    find: '.filter(({ seq }) => seq <= to)',
    replace: '',
  },
  {
    name: 'a rewind leaves alone the children of what it drops',
    file: 'run/decision.js',
    find: "then: 'restart', closesChildrenSince: control.goTo + 1",
    replace: "then: 'restart'",
  },
  {
    name: 'what is asked for behind a second rewind has the identity of what came before it',
    file: 'run/rewinds.js',
    find: 'epoch: index + 1, renewedAt',
    replace: 'epoch: 1, renewedAt',
  },
  {
    name: 'a rewind keeps the letters that were read in what it drops',
    file: 'run/history.js',
    find: '|| !keeps) {\n            this.skip(event);',
    replace: '|| !keeps) {',
  },
  {
    name: 'a fork has one event less than was asked for',
    file: 'journal/libsql/statements.js',
    find: 'WHERE run = ? AND link = ? AND seq <= ? ORDER BY seq`',
    replace: 'WHERE run = ? AND link = ? AND seq < ? ORDER BY seq`',
  },
];
