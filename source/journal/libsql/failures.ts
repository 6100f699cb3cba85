import { EngineError, JournalError, TempoliteError, type ErrorCode } from '../../errors.js';

interface Known {
  readonly code: ErrorCode;
  /** What was found, and what to do. */
  readonly text: string;
}

const full: Known = {
  code: 'JOURNAL_FULL',
  text: 'the disk is full. Nothing of this commit was written; free some space, work goes on',
};
const readOnly: Known = {
  code: 'JOURNAL_READ_ONLY',
  text: 'the database is read-only. Make the file and its folder writable',
};
const noHandle: Known = {
  code: 'JOURNAL_FAILED',
  text: 'the process has too many files open. Close some, or raise its limit (ulimit -n)',
};

/** SQLite's primary result codes, https://sqlite.org/rescode.html */
const codes: Readonly<Record<number, Known>> = {
  5: { code: 'JOURNAL_BUSY', text: 'another connection holds the write lock. Keep other writers short' },
  6: { code: 'JOURNAL_BUSY', text: 'another connection of this process holds a lock on a table' },
  8: readOnly,
  10: {
    code: 'JOURNAL_FAILED',
    text: 'the file could not be read or written. Check the disk, its mount and the permissions; what was refused is tried again by runs',
  },
  11: {
    code: 'JOURNAL_CORRUPT',
    text: 'the database file is damaged. Restore it from a backup; what is not in the damaged part can be read and goes on',
  },
  13: full,
  14: {
    code: 'JOURNAL_FAILED',
    text:
      'the database file cannot be opened. Check that its folder exists and is accessible, and that the process may open more files ' +
      '(ulimit -n)',
  },
  26: { code: 'JOURNAL_CORRUPT', text: 'the file is not a libSQL database, or it is encrypted' },
};

/** Of the file system, before SQLite touches the file. */
const systemCodes: Readonly<Record<string, Known>> = {
  ENOSPC: full,
  EDQUOT: full,
  EROFS: readOnly,
  EACCES: readOnly,
  EPERM: readOnly,
  EMFILE: noHandle,
  ENFILE: noHandle,
};

const rawCodeOf = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null && 'rawCode' in error && typeof error.rawCode === 'number'
    ? error.rawCode & 0xff
    : undefined;

export const isBusy = (error: unknown): boolean => rawCodeOf(error) === 5 || rawCodeOf(error) === 6;

/**
 * Whether what one caller asked for was refused, which says nothing about the others: by the database (constraint, mismatch, too
 * big), or before it was asked (no such run, a number that is none).
 */
export const isOfOneCaller = (error: unknown): boolean => {
  const rawCode = rawCodeOf(error);
  return rawCode === undefined || [18, 19, 20].includes(rawCode);
};

/** One caller may want what stands in a damaged part of the file: the others are to go on. */
export const isDamage = (error: unknown): boolean => rawCodeOf(error) === 11;

/** SQLITE_CONSTRAINT_FOREIGNKEY, whose own statement has long ended when it comes of the COMMIT. */
export const isForeignKey = (error: unknown): boolean =>
  error instanceof Error && 'rawCode' in error && error.rawCode === 787;

/** The driver's error as a coded one, which names the database. */
export const journalError = (error: unknown, path: string): TempoliteError => {
  if (error instanceof TempoliteError) return error;
  const message = messageOf(error);
  const isUnopened = message.includes('unable to open database file') || message.includes('ConnectionFailed');
  return coded(codes[rawCodeOf(error) ?? 0] ?? (isUnopened ? codes[14] : undefined), path, error);
};

/** Why a database file could not be made. */
export const fileError = (error: unknown, path: string): TempoliteError => {
  const known = error instanceof Error && 'code' in error ? systemCodes[String(error.code)] : undefined;
  if (known) return coded(known, path, error);
  const text = 'the database file cannot be created. Check that its folder exists and is accessible';
  return coded({ code: 'JOURNAL_FAILED', text }, path, error);
};

const coded = (known: Known | undefined, path: string, cause: unknown): JournalError => {
  const text = known ? `${known.text} (${messageOf(cause)})` : `the database refused: ${messageOf(cause)}`;
  return new JournalError(known?.code ?? 'JOURNAL_FAILED', `${path}: ${text}`, { cause });
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A place was asked for in a link that was the present one when it was looked for. */
export const goneOn = (runId: string, link: number): EngineError =>
  new EngineError(
    'INVALID_ARGUMENT',
    `run "${runId}" has gone on from link ${link} to another one: give the seq of an event of its present link. Nothing was changed`,
  );
