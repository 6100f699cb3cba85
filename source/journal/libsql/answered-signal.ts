import type { NewSignal, Reply, RunCommit, Signalled, SignalRecord } from '../journal.js';
import type { InboxWriter } from './inbox-writer.js';
import type { RunWriter } from './run-writer.js';

/** A signal and what its run makes of it, in one transaction. The run is asked once: it counts on its reply, and has no other. */
export class AnsweredSignal {
  readonly #inbox: Pick<InboxWriter, 'signal' | 'lastUnreadBefore'>;
  readonly #writer: Pick<RunWriter, 'commit'>;
  readonly #signal: NewSignal;
  #reply: Reply | undefined;
  #answer: { readonly signal: number; readonly commit: RunCommit } | undefined;

  constructor(
    inbox: Pick<InboxWriter, 'signal' | 'lastUnreadBefore'>,
    writer: Pick<RunWriter, 'commit'>,
    signal: NewSignal,
    reply: Reply | undefined,
  ) {
    this.#inbox = inbox;
    this.#writer = writer;
    this.#signal = signal;
    this.#reply = reply;
  }

  /** Within a caller's transaction. It is tried again when others have spoiled that. */
  write(): Signalled {
    const stored = this.#inbox.signal(this.#signal);
    const commit = stored.accepted ? this.#answerTo(stored.signal) : undefined;
    return commit ? { ...stored, events: this.#writer.commit(commit) } : stored;
  }

  /** It was refused by itself. Answers whether it is tried once more: without the reply. */
  refused(): boolean {
    const hadAnswer = this.#answer !== undefined;
    this.#answer = undefined;
    return hadAnswer;
  }

  #answerTo(signal: SignalRecord): RunCommit | undefined {
    const reply = this.#reply;
    if (!reply && !this.#answer) return undefined;
    const before = this.#inbox.lastUnreadBefore(this.#signal.runId, signal);
    this.#reply = undefined;
    const commit = reply?.(signal, before);
    if (commit) this.#answer = { signal: signal.id, commit };
    // A signal that got another id when it was tried again is not the one that was answered.
    return before === undefined && this.#answer?.signal === signal.id ? this.#answer.commit : undefined;
  }
}
