import type { Journal } from '../journal.js';
import type { Member } from './member.js';

/** The right to write that a worker asks of each database. */
export type WorkerClaim = Parameters<Journal['acquire']>[0];

/** A database of a pool that is open in this process. */
export interface Opened {
  readonly member: Member;
  readonly stop: () => void;
  /** Whoever reads or writes just now. */
  users: number;
  usedAt: number;
  joined: WorkerClaim | undefined;
  joining: { readonly worker: WorkerClaim; readonly done: Promise<void> } | undefined;
}

/** Lets somebody work with it, and knows that it is in use. */
export const serve = async <T>(opened: Opened, work: (member: Member) => Promise<T>): Promise<T> => {
  opened.users += 1;
  try {
    return await work(opened.member);
  } finally {
    opened.users -= 1;
    opened.usedAt = Date.now();
  }
};

/** The worker is in it from then on. */
export const acquire = async (opened: Opened, worker: WorkerClaim): Promise<void> => {
  try {
    await opened.member.journal.acquire(worker);
    opened.joined = worker;
  } finally {
    opened.joining = undefined;
  }
};

/** No worker is in it any more. */
export const letGo = async (opened: Opened): Promise<void> => {
  if (!opened.joined) return;
  opened.joined = undefined;
  await opened.member.journal.release();
};
