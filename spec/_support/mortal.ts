import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import Database from 'libsql';

/** How many there have been. */
export interface Counted {
  statements: number;
  commits: number;
}

/**
 * When this process is to be killed, as it comes from its arguments:
 *
 * - `statement N`: before the N-th statement that is executed by its text; those of a script count one by one
 * - `sql TEXT`, `after sql TEXT`: before or after the first of them with this text in it
 * - `commit N`: before the N-th COMMIT
 * - `before NAME`, `after NAME`: of the first call of this function of `node:fs`
 * - `never`
 */
export const dieAt = (instant: string): Readonly<Counted> => {
  const counted: Counted = { statements: 0, commits: 0 };
  const dieIf = (isNow: boolean): void => {
    if (isNow) process.kill(process.pid, 'SIGKILL');
  };
  const exec = Object.getOwnPropertyDescriptor(Database.prototype, 'exec')?.value as (sql: string) => unknown;
  Database.prototype.exec = function (text) {
    for (const sql of text.replace(/--[^\n]*/g, '').split(';')) {
      if (sql.trim() === '') continue;
      counted.statements += 1;
      if (sql === 'COMMIT') counted.commits += 1;
      dieIf(
        instant === `statement ${counted.statements}` || (sql === 'COMMIT' && instant === `commit ${counted.commits}`),
      );
      dieIf(instant.startsWith('sql ') && sql.includes(instant.slice('sql '.length)));
      exec.call(this, sql);
      dieIf(instant.startsWith('after sql ') && sql.includes(instant.slice('after sql '.length)));
    }
    return this;
  };
  const [when, name] = instant.split(' ');
  if (name === 'renameSync' || name === 'fsyncSync' || name === 'closeSync') {
    const call = fs[name] as (...args: readonly unknown[]) => void;
    Object.defineProperty(fs, name, {
      value: (...args: readonly unknown[]) => {
        dieIf(when === 'before');
        call(...args);
        dieIf(when === 'after');
      },
    });
    syncBuiltinESMExports();
  }
  return counted;
};
