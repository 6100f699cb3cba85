import { EngineError, JournalError } from '../../../errors.js';
import type { Catalogue } from '../../pool/catalogue.js';
import { holdMsOf } from '../../pool/limits.js';
import { retryBusy } from '../busy.js';
import { Connection } from '../connection.js';
import { journalError } from '../failures.js';
import { configure, createPrivate, type JournalOptions } from '../open-journal.js';
import { migrate, refuseNewer } from '../migrate.js';
import { CatalogueFile } from './catalogue-file.js';
import * as sql from './pool-statements.js';

/** The present schema of the pool's tables. */
const version = 1;

/** `files`: they are rotated; `shards`: ids are spread. */
export type PoolKind = 'files' | 'shards';

/** Opens the catalogue of a pool, and makes it if it is not there: a journal like any other, so that workers are known in it, and the pool's tables. */
export const openCatalogue = async (
  path: string,
  kind: PoolKind,
  options: JournalOptions,
  limits: { readonly restMs: number },
): Promise<Catalogue> => {
  try {
    return await retryBusy(() => {
      const connection = openOnce(path, kind, options);
      return new CatalogueFile(connection, { ...options, holdMs: holdMsOf(limits) }, path);
    }, options.busyTimeoutMs);
  } catch (error) {
    throw journalError(error, path);
  }
};

const openOnce = (path: string, kind: PoolKind, { durability = 'full' }: JournalOptions): Connection => {
  createPrivate(path);
  const connection = new Connection(path);
  try {
    refuseNewer(connection);
    if (hasSchema(connection)) check(connection, path, kind);
    configure(connection, durability);
    migrate(connection);
    connection.transaction(() => {
      if (hasSchema(connection)) return;
      connection.exec(sql.schema);
      connection.run(sql.insertPool, [BigInt(version), kind]);
    });
    check(connection, path, kind);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
};

const hasSchema = (connection: Connection): boolean => connection.all(sql.hasSchema).length > 0;

const check = (connection: Connection, path: string, kind: PoolKind): void => {
  const [found, foundKind] = connection.all(sql.pool)[0] ?? [];
  if (Number(found) > version) {
    throw new JournalError(
      'JOURNAL_NEWER',
      `this catalogue has schema ${String(found)}; this release of tempolite knows up to ${version}. It was left untouched: install the release that wrote it, or a newer one`,
    );
  }
  if (foundKind === kind) return;
  throw new EngineError(
    'INVALID_ARGUMENT',
    `${path} is the catalogue of a pool of ${String(foundKind)}, not of ${kind}. It was left untouched: give the other kind another name`,
  );
};
