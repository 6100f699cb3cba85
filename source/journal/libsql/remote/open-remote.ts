import { JournalError } from '../../../errors.js';
import type { Journal } from '../../journal.js';
import type { PayloadSeal } from '../../payloads/payload-seal.js';
import type { GroupCommitOptions } from '../group-commit.js';
import { sealsCheck } from '../known-seals.js';
import { remoteError } from './fate.js';
import { foreignMarks } from './marks.js';
import { query } from './query.js';
import { RemoteConnection } from './remote-connection.js';
import { RemoteJournal } from './remote-journal.js';
import { remoteMigrate } from './remote-migrate.js';
import type { RemoteOptions } from './remote-options.js';

/** Opens a database that a server has, and brings its schema up to date. Errors: `JOURNAL_*`, `UNSUPPORTED_URL`, `PAYLOAD_KEY_MISSING`. */
export const openRemote = async (
  url: string,
  seal: PayloadSeal,
  options: RemoteOptions & GroupCommitOptions,
): Promise<Journal> => {
  checkUrl(url);
  const connection = new RemoteConnection(url, options);
  try {
    await remoteMigrate(connection, options);
    await checkRemoteSeals(connection, seal);
    const marks = await connection.read(foreignMarks([]));
    return new RemoteJournal(connection, seal, marks, options);
  } catch (error) {
    await connection.close();
    throw remoteError(error);
  }
};

/** What is written of seals may be written twice, so that no answer has to be found out. */
const checkRemoteSeals = async (connection: RemoteConnection, seal: PayloadSeal): Promise<void> => {
  const check = sealsCheck(seal);
  for (let step = check.next(); !step.done;) {
    const { sql, bindings } = step.value;
    step = check.next(await connection.read(query(sql, ...bindings)));
  }
};

/** A url may hold a secret, which is not shown. */
const checkUrl = (url: string): void => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && parsed.host !== '' && parsed.username === '' && parsed.password === '' && parsed.hash === '') return;
  throw new JournalError(
    'UNSUPPORTED_URL',
    "the url of a server is libsql:, http(s): or ws(s): with a host, and with neither user nor password in it: give the token as 'authToken'",
  );
};
