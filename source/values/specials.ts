import { decodeError, encodeError } from './error-json.js';

/** Encodes what lies under a key of the value that is being encoded. */
export type Walk = (key: string | number, item: unknown) => unknown;

/** How a built-in class is written: as `{"$type": name, "value": …}`. */
export interface Special {
  readonly encode: (item: object, at: Walk) => unknown;
  readonly decode: (json: unknown, decode: (json: unknown) => unknown) => unknown;
}

export interface Tag {
  readonly $type: string;
  readonly value?: unknown;
}

export const isTag = (json: object): json is Tag => '$type' in json && typeof json.$type === 'string';

interface Named extends Special {
  readonly name: string;
  readonly is: (item: object) => boolean;
}

const special = <T extends object>(
  name: string,
  type: abstract new (...args: never) => T,
  write: (item: T, at: Walk) => unknown,
  read: (json: unknown, decode: (json: unknown) => unknown) => T,
): Named => ({
  name,
  // Subclasses would come back as their base: they are refused as instances of a class.
  is: (item) => Object.getPrototypeOf(item) === type.prototype,
  encode: (item, at) => ({ $type: name, value: write(item as T, at) }),
  decode: read,
});

const base64 = (bytes: ArrayBufferView): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

const bytesOf = (json: unknown): ArrayBuffer => {
  const bytes = Buffer.from(String(json), 'base64');
  const copy = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  return copy;
};

const view = (name: string, type: new (bytes: ArrayBuffer) => ArrayBufferView): Named =>
  special(name, type, base64, (json) => new type(bytesOf(json)));

const list = (json: unknown): readonly unknown[] => (Array.isArray(json) ? json : []);

const fields = (json: unknown): Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};

const all: readonly Named[] = [
  special(
    'Date',
    Date,
    (date) => (Number.isNaN(date.getTime()) ? null : date.toISOString()),
    (json) => new Date(typeof json === 'string' ? json : NaN),
  ),
  special(
    'Map',
    Map<unknown, unknown>,
    (map, at) => [...map].map(([key, item], index) => [at(`key ${index}`, key), at(`item ${index}`, item)]),
    (json, decode) => new Map(list(json).map((entry) => [decode(list(entry)[0]), decode(list(entry)[1])])),
  ),
  special(
    'Set',
    Set<unknown>,
    (set, at) => [...set].map((item, index) => at(`item ${index}`, item)),
    (json, decode) => new Set(list(json).map(decode)),
  ),
  special('URL', URL, String, (json) => new URL(String(json))),
  special(
    'RegExp',
    RegExp,
    ({ source, flags, lastIndex }) => ({ source, flags, lastIndex }),
    (json) => {
      const { source, flags, lastIndex } = fields(json);
      return Object.assign(new RegExp(String(source), String(flags)), { lastIndex: Number(lastIndex) });
    },
  ),
  special('Buffer', Buffer as unknown as abstract new () => Buffer, base64, (json) =>
    Buffer.from(String(json), 'base64'),
  ),
  special('ArrayBuffer', ArrayBuffer, (bytes) => base64(new Uint8Array(bytes)), bytesOf),
  special('DataView', DataView, base64, (json) => new DataView(bytesOf(json))),
  view('Uint8Array', Uint8Array),
  view('Uint8ClampedArray', Uint8ClampedArray),
  view('Uint16Array', Uint16Array),
  view('Uint32Array', Uint32Array),
  view('Int8Array', Int8Array),
  view('Int16Array', Int16Array),
  view('Int32Array', Int32Array),
  view('Float32Array', Float32Array),
  view('Float64Array', Float64Array),
  view('BigInt64Array', BigInt64Array),
  view('BigUint64Array', BigUint64Array),
  {
    name: 'Error',
    is: (item) => item instanceof Error,
    encode: (item, at) => ({ $type: 'Error', value: encodeError(item as Error, at) }),
    decode: (json, decode) => decodeError(fields(json), decode),
  },
];

export const specials: ReadonlyMap<string, Special> = new Map(all.map((entry) => [entry.name, entry]));

/** How an object of a built-in class is written; `undefined` for all others. */
export const specialOf = (item: object): Special | undefined => all.find((entry) => entry.is(item));
