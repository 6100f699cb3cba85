import type { RunEvent } from '../../source/journal/event.js';
import type { Journal, RunCommit } from '../../source/journal/journal.js';

const never = new Promise<never>(() => undefined);

/** What a process sees of a database that outlives it. After `limit` events the process is dead: nothing reaches it any more. */
export const crashingJournal = (
  journal: Journal,
  limit: number,
  crash: () => void,
  reorder: (events: readonly RunEvent[]) => readonly RunEvent[] = (events) => events,
): Journal => {
  let written = 0;
  let dead = false;
  const stops: (() => void)[] = [];
  const die = (): Promise<never> => {
    dead = true;
    for (const stop of stops) stop();
    crash();
    return never;
  };
  const alive = <T>(answer: Promise<T>): Promise<T> => answer.then((value) => (dead ? never : value));
  return {
    start: (run) => alive(journal.start(run)),
    commit: async (commit: RunCommit) => {
      if (dead) return never;
      const room = limit - written;
      written += commit.events.length;
      if (commit.events.length < room || (commit.events.length === 0 && room > 0)) return alive(journal.commit(commit));
      const events = commit.events.slice(0, Math.max(room, 0));
      const kept = new Set(events.flatMap((event) => (event.type === 'signal-received' ? [event.index] : [])));
      const whole = events.length === commit.events.length;
      const isEnd = commit.status?.status === 'completed' || commit.status?.status === 'failed';
      await journal.commit({
        runId: commit.runId,
        link: commit.link,
        events,
        consumed: (commit.consumed ?? []).filter((id) => kept.has(id)),
        ...(commit.status && (whole || !isEnd) ? { status: commit.status } : {}),
      });
      return die();
    },
    signal: (signal) => alive(journal.signal(signal)),
    run: (id) => alive(journal.run(id)),
    runs: (filter, page) => alive(journal.runs(filter, page)),
    events: (runId, link, from, size) => alive(journal.events(runId, link, from, size)).then(reorder),
    lastOutput: (runId, link) => alive(journal.lastOutput(runId, link)),
    tail: (after, size) => alive(journal.tail(after, size)),
    mailbox: (runId) => alive(journal.mailbox(runId)),
    claimable: (now, workflows, recover) => alive(journal.claimable(now, workflows, recover)),
    nextWake: (now) => alive(journal.nextWake(now)),
    acquire: (worker) => alive(journal.acquire(worker)),
    renew: (now, leaseMs) => alive(journal.renew(now, leaseMs)),
    release: () => (dead ? never : journal.release()),
    subscribe: (listener) => {
      const stop = journal.subscribe((changes) => {
        if (!dead) listener(changes);
      });
      stops.push(stop);
      return stop;
    },
    close: () => Promise.resolve(),
  };
};
