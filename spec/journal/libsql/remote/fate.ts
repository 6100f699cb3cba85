import { LibsqlBatchError, LibsqlError } from '@libsql/client';
import test from 'ava';
import { fateOf, isOfOneCaller, remoteError, type Fate } from '../../../../source/journal/libsql/remote/fate.js';

const httpError = (status: number): LibsqlError =>
  new LibsqlError(
    `Server returned HTTP status ${status}`,
    'SERVER_ERROR',
    undefined,
    undefined,
    Object.assign(new Error(), { status }),
  );

const fates: readonly [what: string, error: unknown, fate: Fate['type'], code: string][] = [
  ['a network error', new TypeError('fetch failed'), 'unknown', 'JOURNAL_UNREACHABLE'],
  ['a timeout', new DOMException('late', 'TimeoutError'), 'unknown', 'JOURNAL_UNREACHABLE'],
  ['a closed web socket', new LibsqlError('closed', 'HRANA_WEBSOCKET_ERROR'), 'unknown', 'JOURNAL_UNREACHABLE'],
  ['an answer that is none', new LibsqlError('odd', 'HRANA_PROTO_ERROR'), 'unknown', 'JOURNAL_UNREACHABLE'],
  ['500', httpError(500), 'unknown', 'JOURNAL_UNREACHABLE'],
  ['502', httpError(502), 'unknown', 'JOURNAL_UNREACHABLE'],
  ['429', httpError(429), 'busy', 'JOURNAL_BUSY'],
  ['401', httpError(401), 'denied', 'JOURNAL_DENIED'],
  ['403', httpError(403), 'denied', 'JOURNAL_DENIED'],
  ['a token that is refused in the greeting', new LibsqlError('no', 'AUTH_JWT_INVALID'), 'denied', 'JOURNAL_DENIED'],
  ['a lock', new LibsqlError('locked', 'SQLITE_BUSY'), 'busy', 'JOURNAL_BUSY'],
  ['a transaction that took too long', new LibsqlError('slow', 'TRANSACTION_TIMEOUT'), 'busy', 'JOURNAL_BUSY'],
  ['a constraint', new LibsqlBatchError('taken', 3, 'SQLITE_CONSTRAINT'), 'refused', 'JOURNAL_FAILED'],
  ['SQL that is none', new LibsqlError('near', 'SQL_PARSE_ERROR'), 'refused', 'JOURNAL_FAILED'],
  ['a full disk', new LibsqlError('full', 'SQLITE_FULL'), 'refused', 'JOURNAL_FULL'],
  ['a read-only database', new LibsqlError('no', 'SQLITE_READONLY'), 'refused', 'JOURNAL_READ_ONLY'],
  ['a damaged database', new LibsqlError('no', 'SQLITE_CORRUPT'), 'refused', 'JOURNAL_CORRUPT'],
];
for (const [what, error, fate, code] of fates) {
  test(`${what} is ${fate}, and comes as ${code}`, (t) => {
    t.is(fateOf(error).type, fate);
    t.like(remoteError(error), { code, cause: error });
  });
}

test('a refusal knows its statement', (t) => {
  t.deepEqual(fateOf(new LibsqlBatchError('taken', 3, 'SQLITE_CONSTRAINT')), {
    type: 'refused',
    code: 'SQLITE_CONSTRAINT',
    place: 3,
  });
});

test('what any caller would meet is not one caller’s', (t) => {
  t.false(isOfOneCaller({ code: 'SQLITE_FULL' }));
  t.true(isOfOneCaller({ code: 'SQLITE_CONSTRAINT' }));
});

test('the text of a refusal is what the database said, once', (t) => {
  const error = new LibsqlBatchError(
    'SQLITE_CONSTRAINT: SQLite error: NOT NULL constraint failed: t.x',
    1,
    'SQLITE_CONSTRAINT',
  );

  t.is(remoteError(error).message, 'the database refused: NOT NULL constraint failed: t.x');
});
