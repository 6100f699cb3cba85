import { JournalError, TempoliteError, type ErrorCode } from '../../../errors.js';

/**
 * What became of a request that ended with an error. `refused`: nothing of it is written, and the database says why. `busy`: nothing is
 * written, and it may be tried again. `denied`: the server does not let us in. `unknown`: it may be written or not, now or later.
 */
export type Fate =
  | { readonly type: 'refused'; readonly code: string; readonly place: number | undefined }
  | { readonly type: 'busy' | 'denied' | 'unknown' };

/** Codes of the server beside those of SQLite: the statement was refused. */
const refusals = new Set([
  'ARGS_INVALID',
  'BLOCKED',
  'RESPONSE_TOO_LARGE',
  'SQL_INPUT_ERROR',
  'SQL_MANY_STATEMENTS',
  'SQL_NO_STATEMENT',
  'SQL_PARSE_ERROR',
  'SQL_STORE_TOO_LARGE',
  'SQL_STORE_TOO_MANY',
  // tursodb has no others.
  'BATCH_STEP_ERROR',
  'EXECUTE_ERROR',
  'PREPARE_ERROR',
]);

const busy = new Set(['SQLITE_BUSY', 'SQLITE_LOCKED', 'STREAM_EXPIRED', 'TRANSACTION_BUSY', 'TRANSACTION_TIMEOUT']);

const denials = /^AUTH_/;

export const fateOf = (error: unknown): Fate => {
  const code = stringOf(error, 'code') ?? '';
  const status = statusOf(error);
  if (status === 401 || status === 403 || denials.test(code)) return { type: 'denied' };
  if (busy.has(code) || status === tooManyRequests) return { type: 'busy' };
  if (code.startsWith('SQLITE_') || refusals.has(code)) return { type: 'refused', code, place: placeOf(error) };
  return { type: 'unknown' };
};

/** Whether what one caller asked for was refused, which says nothing about the others. */
export const isOfOneCaller = ({ code }: { readonly code: string }): boolean => !(code in ofAll) && code !== 'BLOCKED';

/** What any caller would meet. */
const ofAll: Readonly<Record<string, { readonly code: ErrorCode; readonly text: string }>> = {
  SQLITE_READONLY: { code: 'JOURNAL_READ_ONLY', text: 'the database is read-only' },
  SQLITE_CORRUPT: { code: 'JOURNAL_CORRUPT', text: 'the database is damaged. Restore it from a backup' },
  SQLITE_NOTADB: { code: 'JOURNAL_CORRUPT', text: 'the file of the server is not a libSQL database' },
  SQLITE_FULL: { code: 'JOURNAL_FULL', text: 'the disk of the server is full. Nothing of this commit was written' },
  SQLITE_IOERR: { code: 'JOURNAL_FAILED', text: 'the disk of the server fails' },
  SQLITE_NOMEM: { code: 'JOURNAL_FAILED', text: 'the server is out of memory' },
};

/** The error as a coded one. Arguments are in none of them. */
export const remoteError = (error: unknown): TempoliteError => {
  if (error instanceof TempoliteError) return error;
  const fate = fateOf(error);
  const message = error instanceof Error ? error.message : String(error);
  switch (fate.type) {
    case 'busy':
      return new JournalError(
        'JOURNAL_BUSY',
        `the database is locked by another writer. Keep other writers short (${message})`,
        { cause: error },
      );
    case 'denied':
      return new JournalError('JOURNAL_DENIED', 'the server does not accept the authToken: give it one that is valid', {
        cause: error,
      });
    case 'unknown':
      return unreachable(error);
    case 'refused': {
      const known = ofAll[fate.code];
      return known
        ? new JournalError(known.code, `${known.text} (${message})`, { cause: error })
        : new JournalError('JOURNAL_FAILED', `the database refused: ${refusalText(error)}`, { cause: error });
    }
  }
};

export const unreachable = (cause: unknown): JournalError => {
  const reason = cause instanceof Error ? reasonOf(cause) : String(cause);
  return new JournalError(
    'JOURNAL_UNREACHABLE',
    `the server gave no answer that can be used (${reason}). What was to be written may be there or not: read it, or ask for it again`,
    { cause },
  );
};

/** What the database says, without what the client and the server put before it. */
export const refusalText = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/^(?:SQL\w+: )*(?:SQLite error: )?/, '');

/** "fetch failed" alone helps nobody. */
const reasonOf = ({ message, cause }: Error): string => {
  const code = stringOf(cause, 'code') ?? (cause instanceof Error ? cause.message : undefined);
  return code === undefined || message.includes(code) ? message : `${message}: ${code}`;
};

const tooManyRequests = 429;

const stringOf = (value: unknown, name: 'code' | 'message'): string | undefined => {
  if (typeof value !== 'object' || value === null || !(name in value)) return undefined;
  const found = (value as Readonly<Record<string, unknown>>)[name];
  return typeof found === 'string' ? found : undefined;
};

const statusOf = (error: unknown): number | undefined => {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'status' in cause && typeof cause.status === 'number' ? cause.status : undefined;
};

/** The place of the statement within its batch. */
const placeOf = (error: unknown): number | undefined =>
  error instanceof Error && 'statementIndex' in error && typeof error.statementIndex === 'number'
    ? error.statementIndex
    : undefined;
