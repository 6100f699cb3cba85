import { ValueError } from '../../../errors.js';
import type { Binding, UserBinding } from '../connection.js';

/** A statement of a batch, ours or a user's. Its parameters are `?`. */
export interface Query {
  readonly sql: string;
  readonly args: readonly UserBinding[];
  /** Its answer may be large. */
  readonly isHeavy?: boolean;
  /** How many rows it gives, where nothing in them says so. */
  readonly rows?: number;
}

export type Row = readonly unknown[];
/** What one statement gave. */
export type Rows = readonly Row[];

/** The columns that came as one text. */
export const unpacked = ([text]: Row): Row => JSON.parse(String(text)) as unknown[];

/** A text that is not well-formed would come back as another one. */
export const query = (sql: string, ...args: readonly Binding[]): Query => {
  for (const arg of args) if (typeof arg === 'string' && !isStorable(arg)) throw notStorable(arg);
  return { sql, args };
};

/** Roughly, on the wire. */
export const sizeOf = ({ args }: Query): number =>
  args.reduce<number>(
    (sum, arg) => sum + (typeof arg === 'string' || arg instanceof Uint8Array ? arg.length : bytesOfNumber),
    bytesOfStatement,
  );

const bytesOfNumber = 30;
const bytesOfStatement = 200;

const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

const notStorable = (text: string): ValueError =>
  new ValueError(
    'INVALID_VALUE',
    `${JSON.stringify(text.slice(0, shownCharacters))} has a NUL or half a surrogate pair, which the database would not give back: ` +
      'leave them out of ids, names, tags and keys',
  );

const shownCharacters = 100;
