import { parentPort, workerData } from 'node:worker_threads';
import { retryBusy } from '../busy.js';
import { Connection } from '../connection.js';
import { journalError } from '../failures.js';
import { copyInto, damagesOf, type FileAnswer, type FileTask } from './file-jobs.js';

/** A thread with a connection of its own, that does one thing and ends. Errors would lose their class on the way. */
const { path, job, busyTimeoutMs } = workerData as FileTask;

const work = (): readonly string[] => {
  const connection = new Connection(path);
  try {
    // Of all connections to a file one checkpoints, and it is not this one.
    connection.all('PRAGMA wal_autocheckpoint = 0');
    return job.type === 'copy' ? copyInto(connection, job.to) : damagesOf(connection, job.deep);
  } finally {
    connection.close();
  }
};

const answer: FileAnswer = await retryBusy(work, busyTimeoutMs).then(
  (findings) => ({ findings }),
  (error: unknown) => {
    const { code, message } = journalError(error, path);
    return { failed: { code, message } };
  },
);
parentPort?.postMessage(answer);
