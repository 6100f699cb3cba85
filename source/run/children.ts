import { ChildError } from '../errors.js';
import type { ChildLetter } from '../journal/child-letter.js';
import type { ChildClosed, ChildStarted, RunEvent } from '../journal/event.js';
import type { Letter, NewRequest } from '../journal/journal.js';
import type { NewRun } from '../journal/run-record.js';
import { digest } from '../values/digest.js';
import { decodeFailure, encodeFailure } from '../values/failure.js';
import type { Command, CommandSpec } from './command.js';
import type { Commands } from './commands.js';
import type { PendingNote } from './compose.js';
import type { Outcome } from './ready.js';
import { idempotencyKey } from './step-key.js';

/** Longer ids of children are cut, and told apart by a digest: they grow with each generation. */
const longestId = 200;

/** The children of a run: their ids, what they write, and which of them nobody listens to any more. */
export class Children {
  readonly #runId: string;
  readonly #link: number;
  readonly #commands: Commands;
  /** Cancelled, and their policy not carried out yet. */
  readonly #closing = new Map<string, Command>();
  /** Whose policies have been carried out, in what is replayed. */
  readonly #closed = new Set<string>();
  /** Started in a part of the journal that no longer counts, by what nobody asks for any more; their policy is not carried out yet. */
  readonly #orphans = new Map<string, PendingNote>();
  readonly #byId = new Map<string, Command>();

  constructor(runId: string, link: number, commands: Commands) {
    this.#runId = runId;
    this.#link = link;
    this.#commands = commands;
  }

  idOf({ epoch, key, child }: Command): string {
    return this.#idOf(epoch, key, child.incarnation);
  }

  #idOf(epoch: number, key: string, incarnation: number): string {
    const id = idempotencyKey(this.#runId, this.#link, epoch, key);
    const whole = incarnation === 0 ? id : `${id}~${incarnation}`;
    return whole.length <= longestId ? whole : `${whole.slice(0, longestId / 2)}~${digest(whole)}`;
  }

  /** The run to be started for a command. */
  newRun(
    command: Command,
    spec: ChildSpec,
    { priority, version, now }: { priority: number; version: number; now: number },
  ): NewRun {
    const { child } = spec;
    return {
      id: this.idOf(command),
      workflow: child.workflow,
      version,
      status: 'pending',
      priority: child.priority ?? priority,
      tags: child.tags,
      inputDigest: digest(child.input),
      createdAt: now,
      parent: { runId: this.#runId, key: command.key },
      onClose: child.onClose,
      input: child.input,
    };
  }

  /** What a letter means to the command that it is for; `undefined` when there is none, it was heard before, or it is out of date. */
  read(letter: Letter): { readonly command: Command; readonly outcome: Outcome } | undefined {
    const command = this.#commandOf(letter.name);
    if (!command) return undefined;
    const content = JSON.parse(letter.payload) as ChildLetter;
    switch (content.type) {
      case 'emitted':
        if (content.place <= command.child.place) return undefined;
        command.child = { ...command.child, place: content.place };
        return { command, outcome: { type: 'child-emitted', index: content.place, payload: content.payload } };
      case 'completed':
        return { command, outcome: { type: 'child-completed' } };
      case 'failed':
        // It is about to be sent back: that is how it had ended before.
        if (command.child.state === 'failed') return undefined;
        return { command, outcome: { type: 'child-failed', payload: failureOf(letter.name, content) } };
      case 'cancelled':
      case 'terminated':
        return { command, outcome: { type: 'child-failed', payload: failureOf(letter.name, content) } };
    }
  }

  /** The pipeline has unsubscribed from it. */
  cancelled(command: Command): void {
    const { key, epoch, child } = command;
    if (child.state === 'absent' || this.#closed.has(nameOf(key, epoch, child.incarnation))) return;
    this.#closing.set(key, command);
  }

  /**
   * The record says that its policy has been carried out. A replay hears of that before it looks at what it has cancelled. Answers whether
   * it is about a child that the code does not ask for any more.
   */
  closed({ key, epoch, index }: RunEvent & ChildClosed): boolean {
    const name = nameOf(key, epoch, index);
    this.#closed.add(name);
    return this.#orphans.delete(name);
  }

  /** A retry has gone back behind what asked for this child: nobody listens to it any more. */
  orphan({ key, epoch, index, digest: ofInput }: RunEvent & ChildStarted): void {
    this.#orphans.set(nameOf(key, epoch, index), {
      command: { key, epoch, state: 'cancelled', spec: { digest: ofInput } },
      note: { type: 'child-closed', index },
      closes: this.#idOf(epoch, key, index),
    });
  }

  /** None of those so far is this run's. */
  disown(): void {
    this.#orphans.clear();
    for (const command of this.#commands.pending.values()) this.replace(command);
  }

  /** Carries out the policies of those that nobody listens to any more; at the end of the run of all that are at work. */
  takeClosing(all: boolean, now: number): readonly PendingNote[] {
    if (!this.isClosing && !(all && this.#commands.pending.size > 0)) return none;
    const listening = all ? [...this.#commands.pending.values()].filter(isAtWork) : [];
    const closing = [...this.#closing.values(), ...listening];
    const orphans = [...this.#orphans.values()];
    this.#closing.clear();
    this.#orphans.clear();
    const closed = closing.map((command): PendingNote => ({
      command,
      note: { type: 'child-closed', index: command.child.incarnation },
      request: closeRequest(command, this.idOf(command), now),
    }));
    return [...orphans, ...closed];
  }

  get isClosing(): boolean {
    return this.#closing.size > 0 || this.#orphans.size > 0;
  }

  /** A retry finds the child closed: another one is started. */
  replace(command: Command): void {
    if (command.child.state === 'absent') return;
    command.child = { ...command.child, incarnation: command.child.incarnation + 1, state: 'absent' };
  }

  /** A retry wants more of a child that ended with this failure. */
  revive(command: Command, failure: string): void {
    const error = decodeFailure(failure);
    if (error instanceof ChildError && error.code === 'CHILD_FAILED')
      command.child = { ...command.child, state: 'failed' };
    else this.replace(command);
  }

  #commandOf(childId: string): Command | undefined {
    const known = this.#byId.get(childId);
    if (known?.state === 'pending' && this.idOf(known) === childId) return known;
    this.#byId.clear();
    for (const command of this.#commands.pending.values()) {
      if (command.spec.kind === 'child') this.#byId.set(this.idOf(command), command);
    }
    return this.#byId.get(childId);
  }
}

const none: readonly PendingNote[] = [];

/** Which of the children of a command. */
const nameOf = (key: string, epoch: number, incarnation: number): string => `${epoch} ${incarnation} ${key}`;

type ChildSpec = Extract<CommandSpec, { readonly kind: 'child' }>;

const isAtWork = ({ spec, child }: Command): boolean => spec.kind === 'child' && child.state !== 'absent';

/** What is asked of a child that nobody listens to any more. */
const closeRequest = ({ spec }: Command, childId: string, at: number): NewRequest | undefined =>
  spec.kind === 'child' && spec.child.onClose !== 'abandon'
    ? { runId: childId, name: spec.child.onClose, payload: '{}', at }
    : undefined;

const failureOf = (
  childId: string,
  { type, payload }: Extract<ChildLetter, { readonly type: 'failed' | 'cancelled' | 'terminated' }>,
): string => {
  const codes = { failed: 'CHILD_FAILED', cancelled: 'CHILD_CANCELLED', terminated: 'CHILD_TERMINATED' } as const;
  const cause = decodeFailure(payload);
  const text = cause instanceof Error ? `: ${cause.message}` : '';
  const error = new ChildError(
    codes[type],
    `child "${childId}" ${type === 'failed' ? 'failed' : `was ${type}`}${text}`,
    { cause },
  );
  // The parent's own stack says nothing of the child.
  delete error.stack;
  return encodeFailure(error);
};
