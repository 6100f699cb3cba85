import { JournalError } from '../errors.js';
import { strandsOf } from '../journal/strands.js';
import { isEnd, type EventType, type RunEvent } from '../journal/event.js';
import type { Journal, RunCommit, Worker } from '../journal/journal.js';

/**
 * What goes wrong with one append of a process (the start of a run, a commit, a signal), counted from 1.
 *
 * - `dies-before`: the process is killed, the append was not written.
 * - `dies-after`: it was written, the process is killed before it hears of that.
 * - `dies-within`: only the first `events` of a commit are there. A transaction makes that impossible; the law that a run may be
 *   cut after every event is tested with it.
 * - `fails`: it was not written, and the answer says so.
 * - `loses`: it was written, but the answer says that it failed.
 * - `hangs`: it was not written, and no answer ever comes.
 */
export type Fault =
  | { readonly append: number; readonly fault: 'dies-before' | 'dies-after' | 'fails' | 'loses' | 'hangs' }
  | { readonly append: number; readonly fault: 'dies-within'; readonly events: number };

export interface MortalOptions {
  readonly faults?: readonly Fault[];
  /** The process dies now, by one of its faults. */
  readonly onDeath?: () => void;
  /** Called for each worker that the process becomes. */
  readonly onAcquire?: (worker: Worker) => void;
  /** Called for each append, with the number of its events. */
  readonly onAppend?: (events: number) => void;
  /** What is read of a journal, in another order: for tests of tests. */
  readonly reorder?: (events: readonly RunEvent[]) => readonly RunEvent[];
}

/** One process's handle on a database that outlives it. */
export interface MortalJournal {
  readonly journal: Journal;
  /** Nothing reaches the process any more, and nothing comes from it. */
  readonly kill: () => void;
}

const never = new Promise<never>(() => undefined);
/**
 * A dead process hears nothing; that its calls fail lets what is left of it in memory go. Each takes a round of the event loop: whoever tries
 * again at once would keep it from all others, and so from what the process is about to die of.
 */
const dead = async (): Promise<never> => {
  await new Promise((resolve) => setImmediate(resolve));
  throw new JournalError('JOURNAL_CLOSED', 'this process is dead');
};

/** What was wrong with an append of a process that is dead by then, a signal to a run that has ended, say. */
const unheard = (): undefined => undefined;

/** A journal whose process may die, and whose appends may fail. Closing it leaves the database open. */
export const mortalJournal = (journal: Journal, options: MortalOptions = {}): MortalJournal => {
  const { faults = [], onDeath, onAcquire, onAppend, reorder = (events: readonly RunEvent[]) => events } = options;
  const stops: (() => void)[] = [];
  let appends = 0;
  let isDead = false;

  const kill = (): void => {
    isDead = true;
    for (const stop of stops.splice(0)) stop();
  };
  const die = (): Promise<never> => {
    onDeath?.();
    return dead();
  };
  const alive = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      const value = await answer;
      if (!isDead) return value;
    } catch (error) {
      if (!isDead) throw error;
    }
    return dead();
  };

  const append = async <T>(
    events: number,
    write: () => Promise<T>,
    writePart: (n: number) => Promise<unknown>,
  ): Promise<T> => {
    if (isDead) return dead();
    appends += 1;
    onAppend?.(events);
    const number = appends;
    const found = faults.find((candidate) => candidate.append === number);
    switch (found?.fault) {
      case undefined:
        return alive(write());
      case 'dies-before':
        kill();
        return die();
      case 'dies-after':
        // Deaf before it is written: the process does not hear of it by any other way either.
        kill();
        await write().catch(unheard);
        return die();
      case 'dies-within':
        kill();
        await writePart(found.events).catch(unheard);
        return die();
      case 'fails':
        throw new JournalError('JOURNAL_FAILED', `append ${number} fails, as the test asks for; nothing was written`);
      case 'loses':
        await alive(write());
        throw new JournalError('JOURNAL_FAILED', `the answer to append ${number} is lost, as the test asks for`);
      case 'hangs':
        return never;
    }
  };

  return {
    kill,
    journal: {
      start: (run, statements) =>
        append(
          1,
          () => journal.start(run, statements),
          () => journal.start(run, statements),
        ),
      request: (request, statuses, behind) =>
        append(
          0,
          () => journal.request(request, statuses, behind),
          () => journal.request(request, statuses, behind),
        ),
      fork: (fork) =>
        append(
          1,
          () => journal.fork(fork),
          () => journal.fork(fork),
        ),
      commit: (commit) =>
        append(
          commit.events.length,
          () => journal.commit(commit),
          (n) => journal.commit(firstOf(commit, n)),
        ),
      signal: (signal, reply) =>
        append(
          0,
          () => journal.signal(signal, reply),
          () => journal.signal(signal),
        ),
      run: (id) => alive(journal.run(id)),
      runs: (filter, page) => alive(journal.runs(filter, page)),
      events: (runId, link, from, size) => alive(journal.events(runId, link, from, size)).then(reorder),
      last: (runId, link, type) => alive(journal.last(runId, link, type)),
      ofType: (runId, link, type) => alive(journal.ofType(runId, link, type)),
      isRunningHere: (id) => !isDead && journal.isRunningHere?.(id) === true,
      exposed: (runId) => alive(journal.exposed(runId)),
      isUnread: (letterId) => alive(journal.isUnread(letterId)),
      lastOutput: (runId, link) => alive(journal.lastOutput(runId, link)),
      strands: (which) => alive(strandsOf(journal, which)),
      tail: (after, size) => alive(journal.tail(after, size)),
      inbox: (runId, signals) => alive(journal.inbox(runId, signals)),
      news: (after, size) => alive(journal.news(after, size)),
      nextWake: (now) => alive(journal.nextWake(now)),
      owned: () => alive(journal.owned()),
      expire: () => alive(journal.expire()),
      claim: (claim) => alive(journal.claim(claim)),
      claimRun: (runId, onlyOpen) => alive(journal.claimRun(runId, onlyOpen)),
      acquire: async (asked) => {
        const worker = await alive(journal.acquire(asked));
        onAcquire?.(worker);
        return worker;
      },
      renew: (leaseMs) => alive(journal.renew(leaseMs)),
      care: journal.care,
      ...(journal.file ? { file: journal.file } : {}),
      release: () => (isDead ? Promise.resolve() : journal.release()),
      subscribe: (listener) => {
        const stop = journal.subscribe((changes) => {
          if (!isDead) listener(changes);
        });
        stops.push(stop);
        return stop;
      },
      close: () => Promise.resolve(),
    },
  };
};

/** The first events of a commit, as if it had been a smaller one: without what was decided, and with nothing that is written beside events. */
const firstOf = ({ runId, link, events, consumed = [], status, ...beside }: RunCommit, n: number): RunCommit => {
  const isWhole = Object.keys(beside).length > 0;
  const decided = events.findIndex((event) => isEnd(event) || decides.has(event.type));
  const kept = isWhole ? [] : events.slice(0, decided < 0 ? n : Math.min(n, decided));
  const read = new Set(kept.flatMap((event) => (event.type === 'signal-received' ? [event.index] : [])));
  return {
    runId,
    link,
    events: kept,
    consumed: consumed.filter((id) => read.has(id)),
    ...(status?.status === 'running' ? { status } : {}),
  };
};

/** What comes last in a commit and goes with its status, beside the ends. */
const decides: ReadonlySet<EventType> = new Set<EventType>([
  'run-paused',
  'run-resumed',
  'run-retried',
  'run-rewound',
  'cancel-requested',
]);
