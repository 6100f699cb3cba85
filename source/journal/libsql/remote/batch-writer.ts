import { TempoliteError } from '../../../errors.js';
import type { Change } from '../../journal.js';
import { BusyWait } from '../busy.js';
import { fencedOut } from '../ownership.js';
import { BatchLayout, type Place } from './batch-layout.js';
import type { Answer, Entry, HighWater, Waiting } from './entry.js';
import { fateOf, isOfOneCaller, remoteError, unreachable } from './fate.js';
import { highWaterOf, readMark } from './marks.js';
import type { RemoteConnection } from './remote-connection.js';
import { defaultRemoteOptions } from './remote-options.js';

export interface BatchWriterOptions {
  readonly busyTimeoutMs?: number;
  readonly unreachableMs?: number;
}

interface Refusal {
  readonly error: unknown;
  readonly place: number | undefined;
}

/** What is known of a batch while it is tried. */
interface Batch {
  readonly number: number;
  /** The entries of each version of it: those that are refused leave it. */
  readonly variants: (readonly Waiting[])[];
  readonly refusals: Map<Waiting, Refusal>;
  readonly busy: BusyWait;
  readonly unanswered: BusyWait;
  /** One of its versions was sent, and nobody knows what became of it. */
  isOpen: boolean;
  /** Whether statements of several entries are said as one. It is the same version, said in another way. */
  merges: boolean;
}

/**
 * A lane: it writes batches, one after the other. What one caller did wrong fails that caller alone: the batch is sent again without it. A batch
 * that was not answered is sent again under its number, which settles what became of it (`marks.ts`).
 */
export class BatchWriter {
  readonly writer: string;
  readonly #connection: RemoteConnection;
  readonly #options: BatchWriterOptions;
  readonly #announce: (changes: readonly Change[]) => void;
  #number = 0;
  #isSettled = true;

  constructor(
    connection: RemoteConnection,
    writer: string,
    options: BatchWriterOptions,
    announce: (changes: readonly Change[]) => void,
  ) {
    this.#connection = connection;
    this.writer = writer;
    this.#options = options;
    this.#announce = announce;
  }

  /** Whether no request of the past can come late: its mark has to stay then, which keeps it out. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Writes what can be written, and settles each member of the group. */
  async write(group: readonly Waiting[]): Promise<void> {
    this.#number += 1;
    const batch: Batch = {
      number: this.#number,
      variants: [],
      refusals: new Map(),
      busy: new BusyWait(this.#options.busyTimeoutMs),
      unanswered: new BusyWait(this.#options.unreachableMs ?? defaultRemoteOptions.unreachableMs),
      isOpen: false,
      merges: true,
    };
    // An open batch is written even when nothing is left in it: then its other versions cannot come any more.
    for (let next: readonly Waiting[] | undefined = group; next && (next.length > 0 || batch.isOpen);) {
      if (batch.variants.at(-1) !== next) batch.variants.push(next);
      next = await this.#try(batch, next);
    }
    for (const [waiting, refusal] of batch.refusals) await refuse(waiting, refusal);
  }

  /** Answers with what is to be tried next, with `undefined` when all is settled. */
  async #try(batch: Batch, entries: readonly Waiting[]): Promise<readonly Waiting[] | undefined> {
    const { number, merges } = batch;
    const layout = new BatchLayout(entries, {
      writer: this.writer,
      number,
      variant: batch.variants.length - 1,
      merges,
    });
    try {
      this.#settle(entries, await this.#send(entries, layout));
      return undefined;
    } catch (error) {
      const cause = error instanceof Transacted ? error.cause : error;
      if (cause instanceof TempoliteError) return this.#refused(batch, entries, undefined, cause);
      const fate = fateOf(cause);
      if (fate.type === 'unknown' || fate.type === 'busy') return this.#later(batch, entries, fate.type, cause);
      if (fate.type !== 'refused' || !isOfOneCaller(fate)) {
        this.#giveUp(batch, entries, cause);
        return undefined;
      }
      if (error instanceof Transacted) return this.#refused(batch, entries, undefined, cause);
      return this.#refused(batch, entries, layout.at(fate.place), cause);
    }
  }

  async #refused(
    batch: Batch,
    entries: readonly Waiting[],
    place: Place | undefined,
    error: unknown,
  ): Promise<readonly Waiting[] | undefined> {
    if (place?.type === 'mark') {
      await this.#recover(batch, error);
      return undefined;
    }
    if (place?.type === 'merged') {
      // Nobody knows whose fault it is: said one by one, it fails alone.
      batch.merges = false;
      return entries;
    }
    if (place?.type === 'fence') {
      const fenced = entries.filter(({ worker }) => worker?.fence === place.fence);
      return this.#without(
        batch,
        entries,
        new Map(fenced.map((each) => [each, { error: fencedOut(), place: undefined }])),
      );
    }
    if (!place && entries.length > 1) {
      // The COMMIT says nothing about whose fault it is.
      for (const each of entries) await this.write([each]);
      return undefined;
    }
    const waiting = place?.waiting ?? entries[0];
    if (entries.length === 1 && waiting?.entry.another?.(error)) return [...entries];
    return this.#without(batch, entries, new Map([[waiting, { error, place: place?.place }]]));
  }

  #without(
    batch: Batch,
    entries: readonly Waiting[],
    refused: ReadonlyMap<Waiting | undefined, Refusal>,
  ): readonly Waiting[] {
    for (const [waiting, refusal] of refused) if (waiting) batch.refusals.set(waiting, refusal);
    return entries.filter((each) => !refused.has(each));
  }

  async #later(
    batch: Batch,
    entries: readonly Waiting[],
    why: 'unknown' | 'busy',
    error: unknown,
  ): Promise<readonly Waiting[] | undefined> {
    batch.isOpen ||= why === 'unknown';
    this.#isSettled &&= !batch.isOpen;
    const delayMs = (why === 'busy' ? batch.busy : batch.unanswered).next();
    if (delayMs === undefined) {
      this.#giveUp(batch, entries, error);
      return undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    return entries;
  }

  #giveUp(batch: Batch, entries: readonly Waiting[], error: unknown): void {
    if (!batch.isOpen) {
      rejectAll(entries, remoteError(error));
      return;
    }
    // Whoever was refused may have been written by a version that is still on its way.
    rejectAll([...batch.refusals.keys(), ...entries], unreachable(error));
    batch.refusals.clear();
  }

  async #send(entries: readonly Waiting[], layout: BatchLayout): Promise<readonly (Answer<unknown> | Failed)[]> {
    const [first] = entries;
    if (!first?.entry.transact) {
      const rows = layout.rowsOf(await this.#connection.batch(layout.queries));
      return entries.map((waiting) => answerOf(() => waiting.entry.answer(rows.get(waiting) ?? [])));
    }
    const transaction = await this.#connection.transaction();
    try {
      await transaction.batch(layout.queries);
      try {
        const answer = await first.entry.transact(transaction);
        await transaction.commit();
        return [answer];
      } catch (error) {
        throw new Transacted(error);
      }
    } finally {
      transaction.close();
    }
  }

  /** Listeners hear of it before the promises settle. */
  #settle(entries: readonly Waiting[], answers: readonly (Answer<unknown> | Failed)[]): void {
    const changes = answers.flatMap((answer) => (answer instanceof Failed ? [] : answer.changes));
    try {
      this.#announce(changes);
    } finally {
      // It is written, whatever a listener makes of it.
      entries.forEach(({ resolve, reject }, place) => {
        const answer = answers[place];
        if (answer instanceof Failed) reject(answer.error);
        else resolve(answer?.value);
      });
    }
  }

  /** A version of the batch had been written, and its answer was lost. */
  async #recover({ number, variants, refusals }: Batch, error: unknown): Promise<void> {
    const everybody = new Set([...variants.flat(), ...refusals.keys()]);
    try {
      const [mark] = await this.#connection.read(readMark(this.writer));
      if (!mark || Number(mark[0]) !== number) throw error;
      const written = variants[Number(mark[1])] ?? [];
      const answers: (Answer<unknown> | Failed)[] = [];
      for (const { entry } of written) answers.push(await readAgain(entry, highWaterOf(mark)));
      for (const waiting of written) refusals.delete(waiting);
      this.#settle(written, [...answers, { value: undefined, changes: [{ type: 'foreign' }] }]);
    } catch (cause) {
      refusals.clear();
      rejectAll([...everybody], unreachable(cause));
    }
  }
}

/** What an entry throws when it makes its answer, its caller gets. */
class Failed {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** It went wrong within an interactive transaction, behind its mark. */
class Transacted extends Error {
  constructor(cause: unknown) {
    super('a transaction failed', { cause });
  }
}

const answerOf = (make: () => Answer<unknown>): Answer<unknown> | Failed => {
  try {
    return make();
  } catch (error) {
    return new Failed(error);
  }
};

const readAgain = (entry: Entry<unknown>, before: HighWater): Promise<Answer<unknown> | Failed> =>
  entry.again(before).then(
    (value) => ({ value, changes: [] }),
    (error: unknown) => new Failed(error),
  );

const rejectAll = (entries: readonly Waiting[], error: unknown): void => {
  for (const { reject } of entries) reject(error);
};

const refuse = async ({ entry, resolve, reject }: Waiting, { error, place }: Refusal): Promise<void> => {
  if (error instanceof TempoliteError) reject(error);
  else await entry.instead(error, place).then(resolve, reject);
};
