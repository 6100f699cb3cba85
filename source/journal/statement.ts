import { isUint8Array } from 'node:util/types';
import { EngineError } from '../errors.js';
import { sqlTokens, type SqlToken } from './sql-tokens.js';

/** What a column or a parameter may hold. A boolean is written as 0 or 1, and read as that. */
export type SqlValue = null | string | number | bigint | boolean | Uint8Array;

/** SQL of the user's own tables, that is run inside the journal's transaction. */
export interface Statement {
  /** One statement. Its parameters are `?`, by position. */
  readonly sql: string;
  /** As many as there are `?`. Whole numbers are bound as INTEGER, others as REAL, a Uint8Array as BLOB. */
  readonly args?: readonly SqlValue[];
}

/** Statements that are run as one, all of them or none. */
export interface UserTransaction {
  readonly statements: readonly Statement[];
  /** What they give may take so many bytes in the journal. */
  readonly maxResultBytes: number;
}

export interface StatementResult {
  /** By column. An INTEGER is a number, beyond 2^53 a bigint; a BLOB is a Uint8Array. */
  readonly rows: readonly Readonly<Record<string, SqlValue>>[];
  /** The rows that were inserted, updated or deleted, without those of triggers and foreign keys. */
  readonly changes: number;
}

/**
 * Refuses, before there is a transaction, what would end it, reach into the journal's own tables or be bound as something else.
 * Error: `INVALID_ARGUMENT`, without the values of the arguments.
 */
export const checkStatement = (statement: Statement): void => {
  // Callers without a compiler give what they like.
  const given: unknown = statement;
  if (typeof given !== 'object' || given === null) throw invalid(`a statement is { sql, args }, not ${nameOf(given)}`);
  const { sql, args = [] }: { sql?: unknown; args?: unknown } = given;
  if (typeof sql !== 'string') throw invalid(`the sql of a statement is a text, not ${nameOf(sql)}`);
  if (!isStorable(sql)) {
    throw invalid(
      `${shown(sql)} has a NUL or half a surrogate pair: the database would read other SQL. Bind it with a ?`,
    );
  }
  const tokens = sqlTokens(sql);
  checkOne(sql, tokens);
  checkVerb(sql, tokens);
  for (const token of tokens) checkToken(sql, token);
  checkArgs(sql, parameterCount(tokens), args);
};

export const parameterCount = (tokens: readonly SqlToken[]): number =>
  tokens.filter((token) => token.kind === 'parameter').length;

/** What is wrong with a value that is to be bound, as "not …" would go on. */
export const sqlValueFault = (value: unknown): string | undefined => {
  if (typeof value === 'string') return isStorable(value) ? undefined : 'a text with a NUL or half a surrogate pair';
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'NaN or an infinite number';
  if (typeof value === 'bigint')
    return BigInt.asIntN(64, value) === value ? undefined : 'a bigint of more than 64 bits';
  // Another view of bytes would be bound as all of its buffer, or abort the process.
  return value === null || typeof value === 'boolean' || isUint8Array(value) ? undefined : nameOf(value);
};

const verbs = 'SELECT VALUES WITH INSERT REPLACE UPDATE DELETE CREATE DROP ALTER'.split(' ');
const ofTheTransaction = 'BEGIN COMMIT END ROLLBACK SAVEPOINT RELEASE'.split(' ');

/** A list of what is allowed: EXPLAIN, say, looks harmless, but `EXPLAIN PRAGMA foreign_keys = off` does switch them off. */
const checkVerb = (sql: string, [first]: readonly SqlToken[]): void => {
  const verb = first?.kind === 'word' ? upper(first) : undefined;
  if (verb !== undefined && verbs.includes(verb)) return;
  const reason = ofTheTransaction.includes(verb ?? '')
    ? "the transaction is the journal's, which begins and ends it"
    : 'anything else needs a connection of your own, outside of a transaction';
  throw invalid(`a statement begins with ${verbs.join(', ')}, not as ${shown(sql)}: ${reason}`);
};

/** The driver would run the first of several and drop the others without a word. */
const checkOne = (sql: string, tokens: readonly SqlToken[]): void => {
  if (tokens.every((token) => token.kind === 'semicolon')) throw invalid('a statement has SQL, this one is empty');
  const rest = tokens.slice(statementEnd(tokens));
  if (rest.every((token) => token.kind === 'semicolon')) return;
  throw invalid(`sql is one statement, ${shown(sql)} has several: make a statement of each`);
};

/** The body of a trigger has semicolons of its own. Its END is the one that follows such a semicolon; that of a CASE never does. */
const statementEnd = (tokens: readonly SqlToken[]): number => {
  const end = isTrigger(tokens)
    ? tokens.findIndex((token, place) => isWord(token, 'END') && tokens[place - 1]?.kind === 'semicolon') + 1
    : tokens.findIndex((token) => token.kind === 'semicolon');
  return end > 0 ? end : tokens.length;
};

const isTrigger = ([first, ...others]: readonly SqlToken[]): boolean => {
  const second = others.find((token) => !isWord(token, 'TEMP') && !isWord(token, 'TEMPORARY'));
  return isWord(first, 'CREATE') && isWord(second, 'TRIGGER');
};

/** Besides its tables, what the journal relies on: SQLite lets anyone write the counters of AUTOINCREMENT, statistics, and pages. */
const ofTheJournal = /^(?:tempolite_|sqlite_(?:sequence|stat\d|dbpage))/i;

const checkToken = (sql: string, token: SqlToken): void => {
  if (token.kind === 'unclosed') throw invalid(`${shown(sql)} has a quote that does not end`);
  if (token.kind === 'parameter' && token.text !== '?') {
    throw invalid(`parameters are ? by position, not ${token.text}: write ? for each, and args in the same order`);
  }
  if (isWord(token, 'ROLLBACK')) {
    throw invalid(`${shown(sql)} could roll back the journal's transaction: use ABORT, or quote a name as "rollback"`);
  }
  if (!ofTheJournal.test(token.text)) return;
  const found = `${shown(sql)} names ${shown(token.text)}`;
  if (token.kind === 'word' || token.kind === 'quoted')
    throw invalid(`a statement is of your own tables, ${found}: that is the journal's, use another name`);
  // SQLite reads and writes FROM 'tempolite_runs' as well.
  if (token.kind === 'text')
    throw invalid(`a statement is of your own tables, ${found}, which may stand for a name: bind a text with a ?`);
};

const checkArgs = (sql: string, parameters: number, args: unknown): void => {
  if (!Array.isArray(args)) throw invalid(`args is an array, not ${nameOf(args)}: ${shown(sql)}`);
  // The driver takes the values of the last time for missing ones.
  if (args.length !== parameters) {
    throw invalid(`${shown(sql)} takes ${parameters} args, one for each ?, not ${args.length}`);
  }
  // By index: a hole is undefined.
  for (let place = 0; place < args.length; place += 1) {
    const fault = sqlValueFault(args[place]);
    if (fault === undefined) continue;
    throw invalid(
      `arg ${place + 1} of ${shown(sql)} is null, a text, a finite number, a bigint of 64 bits, a boolean or a Uint8Array, ` +
        `not ${fault}: write a Date as its toISOString(), an object as JSON, other bytes as a new Uint8Array`,
    );
  }
};

/** A text comes back cut at a NUL, and half a surrogate pair as another character. */
const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

const upper = (token: SqlToken): string => token.text.toUpperCase();

const isWord = (token: SqlToken | undefined, word: string): boolean => token?.kind === 'word' && upper(token) === word;

const nameOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? `a value of type ${tagOf(value)}` : typeof value;

const tagOf = (value: object): string => Object.prototype.toString.call(value).slice('[object '.length, -1);

const shownCharacters = 100;
const shown = (text: string): string => JSON.stringify(text.slice(0, shownCharacters));

const invalid = (what: string): EngineError => new EngineError('INVALID_ARGUMENT', what);
