import { JournalError, TempoliteError, type ErrorCode } from '../../errors.js';

/** SQLite's primary result codes, https://sqlite.org/rescode.html */
const codes: Readonly<Record<number, { readonly code: ErrorCode; readonly text: string }>> = {
  5: { code: 'JOURNAL_BUSY', text: 'another connection holds the write lock. Keep other writers short' },
  6: { code: 'JOURNAL_BUSY', text: 'another connection of this process holds a lock on a table' },
  8: { code: 'JOURNAL_READ_ONLY', text: 'the database is read-only. Make the file and its folder writable' },
  11: { code: 'JOURNAL_CORRUPT', text: 'the database file is damaged. Restore it from a backup' },
  13: {
    code: 'JOURNAL_FULL',
    text: 'the disk is full. Nothing of this commit was written; free some space, work goes on',
  },
  14: {
    code: 'JOURNAL_FAILED',
    text: 'the database file cannot be opened. Check that its folder exists and is accessible',
  },
  26: { code: 'JOURNAL_CORRUPT', text: 'the file is not a libSQL database, or it is encrypted' },
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

/** SQLITE_CONSTRAINT_FOREIGNKEY, whose own statement has long ended when it comes of the COMMIT. */
export const isForeignKey = (error: unknown): boolean =>
  error instanceof Error && 'rawCode' in error && error.rawCode === 787;

/** The driver's error as a coded one. */
export const journalError = (error: unknown): TempoliteError => {
  if (error instanceof TempoliteError) return error;
  const known = codes[rawCodeOf(error) ?? 0];
  const message = error instanceof Error ? error.message : String(error);
  if (known) return new JournalError(known.code, `${known.text} (${message})`, { cause: error });
  if (message.includes('unable to open database file') || message.includes('ConnectionFailed')) {
    return new JournalError('JOURNAL_FAILED', `${codes[14]?.text ?? ''} (${message})`, { cause: error });
  }
  return new JournalError('JOURNAL_FAILED', `the database refused: ${message}`, { cause: error });
};
