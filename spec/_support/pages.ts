import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import Database from 'libsql';

const pageSize = 4096;

/** Writes a closed database's WAL into its file, so that all of it is there. */
export const settleFile = (path: string): void => {
  const database = new Database(path);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
};

/** Overwrites the page of a file in which a text stands, as a bad disk would. */
export const damagePageWith = (path: string, text: string): void => {
  const place = readFileSync(path).indexOf(text);
  if (place < 0) throw new Error(`"${text}" is not in ${path}`);
  overwrite(path, Math.floor(place / pageSize) * pageSize, Buffer.alloc(pageSize, 0xee));
};

export const overwrite = (path: string, at: number, bytes: Uint8Array): void => {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
};
