import { TempoliteError } from '../../../errors.js';
import { BusyWait } from '../busy.js';
import { newerError } from '../migrate.js';
import { migrations, present } from '../schema.js';
import { fateOf, remoteError } from './fate.js';
import { createWriters, sweepMarks } from './marks.js';
import { query, type Query } from './query.js';
import type { RemoteConnection } from './remote-connection.js';
import { defaultRemoteOptions, type RemoteOptions } from './remote-options.js';

/** Fails when another has been faster. */
const provePresent = `
  SELECT json(CASE WHEN (SELECT user_version FROM pragma_user_version) = ? THEN '[]' ELSE 'another version' END)`;

/**
 * Brings the schema of a remote database up to date, all or nothing, in one batch. Several may do so at once: one of them does, the others
 * are refused and look again. So does who got no answer.
 */
export const remoteMigrate = async (connection: RemoteConnection, options: RemoteOptions): Promise<void> => {
  const unanswered = new BusyWait(options.unreachableMs ?? defaultRemoteOptions.unreachableMs);
  for (;;) {
    const version = await versionOf(connection);
    if (version > migrations.length) throw newerError(version);
    if (version === migrations.length && (await hasWriters(connection))) break;
    try {
      await connection.batch(migrationFrom(version));
    } catch (error) {
      // Refused: another has been faster, or it is not to be done; the next look says which.
      const isDone = fateOf(error).type === 'refused' && (await versionOf(connection)) !== version;
      const delayMs = isDone
        ? 0
        : fateOf(error).type === 'unknown' || fateOf(error).type === 'busy'
          ? unanswered.next()
          : undefined;
      if (delayMs === undefined || error instanceof TempoliteError) throw remoteError(error);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
  await connection.read(sweepMarks);
};

const migrationFrom = (version: number): readonly Query[] => {
  const scripts = version === 0 ? [present] : migrations.slice(version);
  return [
    query(provePresent, BigInt(version)),
    ...scripts.flatMap(statementsOf),
    query(createWriters),
    ...(version === migrations.length ? [] : [query(`PRAGMA user_version = ${migrations.length}`)]),
  ];
};

/** Ours have neither triggers nor semicolons in texts. */
const statementsOf = (script: string): readonly Query[] =>
  script
    .replace(/--[^\n]*/g, '')
    .split(';')
    .filter((text) => text.trim() !== '')
    .map((text) => query(text.trim()));

const versionOf = async (connection: RemoteConnection): Promise<number> =>
  Number((await connection.read(query('SELECT user_version FROM pragma_user_version')))[0]?.[0] ?? 0);

/** A file that was written by the embedded driver has none. */
const hasWriters = async (connection: RemoteConnection): Promise<boolean> =>
  (await connection.read(query("SELECT 1 FROM sqlite_schema WHERE name = 'tempolite_writers'"))).length > 0;
