import type { Value } from './protocol.js';

/** What the native driver binds. */
type Bound = null | bigint | number | string | Uint8Array;

export const toBound = (value: Value): Bound => {
  switch (value.type) {
    case 'null':
      return null;
    case 'integer':
      return BigInt(value.value);
    case 'float':
    case 'text':
      return value.value;
    case 'blob':
      return new Uint8Array(Buffer.from(value.base64, 'base64'));
  }
};

/** Integers come as bigints, BLOBs as Buffers. */
export const toValue = (value: unknown): Value => {
  if (value === null) return { type: 'null' };
  if (typeof value === 'bigint') return { type: 'integer', value: String(value) };
  if (typeof value === 'number') return { type: 'float', value };
  if (typeof value === 'string') return { type: 'text', value };
  if (value instanceof Uint8Array) return { type: 'blob', base64: Buffer.from(value).toString('base64') };
  throw new TypeError(`a column holds a ${typeof value}`);
};
