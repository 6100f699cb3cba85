import { ValueError } from '../errors.js';
import { pathOf } from './path.js';
import { isTag, specialOf, specials, type Walk } from './specials.js';

/** Nesting beyond this is refused: the native JSON functions would overflow the stack. */
const deepest = 1000;

type Keys = (string | number)[];

const isPlainObject = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype;
};

/** Whether JSON itself carries the value exactly, so that nothing need be copied. */
export const isPlain = (value: unknown, depth = 0): boolean => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      return value === null || (depth < deepest && isPlainContainer(value, depth));
    default:
      return false;
  }
};

const isPlainContainer = (value: object, depth: number): boolean => {
  if (Array.isArray(value)) {
    if (Object.getPrototypeOf(value) !== Array.prototype || Object.keys(value).length !== value.length) return false;
    for (const item of value) if (!isPlain(item, depth + 1)) return false;
    return true;
  }
  if (!isPlainObject(value) || '$type' in value || Object.getOwnPropertySymbols(value).length > 0) return false;
  for (const [key, item] of Object.entries(value)) {
    if (!isPlain(item, depth + 1) || key === 'toJSON' || key === '__proto__') return false;
  }
  return true;
};

const refuse = (keys: Keys, what: string, mend: string): ValueError => {
  const path = pathOf(keys);
  return new ValueError('INVALID_VALUE', `${path} is ${what}, which cannot be written down: ${mend}`, { path });
};

/** JSON for any value that can be written down; specials become tagged objects at their place. */
export const encodeTagged = (value: unknown): unknown => {
  const keys: Keys = [];
  const above = new Set<object>();

  const at: Walk = (key, item) => {
    keys.push(key);
    // An error leaves out what cannot be written down and goes on: a refusal must leave no trace here.
    try {
      return walk(item);
    } finally {
      keys.pop();
    }
  };

  const walk = (item: unknown): unknown => {
    switch (typeof item) {
      case 'string':
      case 'boolean':
        return item;
      case 'function':
        throw refuse(keys, `a function (${item.name || 'anonymous'})`, 'pass data instead');
      case 'symbol':
        throw refuse(keys, `a symbol (${String(item)})`, 'pass data instead');
      case 'number':
        if (Number.isFinite(item) && !Object.is(item, -0)) return item;
        return { $type: 'Number', value: Object.is(item, -0) ? '-0' : String(item) };
      case 'bigint':
        return { $type: 'BigInt', value: String(item) };
      case 'undefined':
        return { $type: 'Undefined' };
      case 'object':
        return item === null ? null : enter(item);
    }
  };

  const enter = (item: object): unknown => {
    if (above.has(item))
      throw refuse(keys, 'a reference to something that contains it', 'break the cycle, or pass ids');
    if (above.size >= deepest) throw refuse(keys, `nested more than ${deepest} levels deep`, 'flatten it');
    above.add(item);
    try {
      return encodeObject(item);
    } finally {
      above.delete(item);
    }
  };

  const encodeObject = (item: object): unknown => {
    const prototype: unknown = Object.getPrototypeOf(item);
    // A subclass would come back as an array: it is refused as an instance of a class.
    if (Array.isArray(item) && prototype === Array.prototype) return encodeArray(item);
    const special = specialOf(item);
    if (special) return special.encode(item, at);
    if (prototype === null) return { $type: 'NullObject', value: encodeProperties(item) };
    if (prototype !== Object.prototype) {
      const name = item.constructor.name || 'unnamed';
      throw refuse(keys, `an instance of ${name}`, 'pass a plain object, or give the boundary an io-ts codec');
    }
    const properties = encodeProperties(item);
    return '$type' in item ? { $type: 'Object', value: properties } : properties;
  };

  const encodeArray = (items: readonly unknown[]): unknown => {
    if (Object.keys(items).some((key) => !/^\d+$/.test(key))) {
      throw refuse(keys, 'an array with named properties', 'pass an object');
    }
    return Array.from({ length: items.length }, (_, index) =>
      index in items ? at(index, items[index]) : { $type: 'Hole' },
    );
  };

  const encodeProperties = (item: object): unknown => {
    const [symbol] = Object.getOwnPropertySymbols(item);
    if (symbol) throw refuse(keys, `an object with a symbol as key (${String(symbol)})`, 'use texts as keys');
    const encoded: Record<string, unknown> = {};
    for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(item))) {
      if (!descriptor.enumerable) continue;
      if (!('value' in descriptor)) {
        throw refuse([...keys, key], 'computed by a getter', 'pass its value');
      }
      define(encoded, key, at(key, descriptor.value));
    }
    return encoded;
  };

  return walk(value);
};

/** Assignment would take `__proto__` for the prototype. */
const define = (target: object, key: string, value: unknown): void => {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
};

/** The value that `encodeTagged` was given. */
export const decodeTagged = (json: unknown): unknown => {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return decodeArray(json);
  if (!isTag(json)) return decodeProperties(json, {});
  switch (json.$type) {
    case 'Undefined':
      return undefined;
    case 'Number':
      return Number(json.value);
    case 'BigInt':
      return BigInt(String(json.value));
    case 'Object':
      return decodeProperties(Object(json.value) as object, {});
    case 'NullObject':
      return decodeProperties(Object(json.value) as object, Object.create(null) as object);
  }
  const special = specials.get(json.$type);
  if (special) return special.decode(json.value, decodeTagged);
  throw new ValueError(
    'DECODE_FAILED',
    `the journal holds a value of the unknown type ${JSON.stringify(json.$type)}: it was written by a newer release`,
  );
};

const decodeArray = (items: readonly unknown[]): unknown[] => {
  const decoded: unknown[] = [];
  decoded.length = items.length;
  items.forEach((item, index) => {
    const isHole = typeof item === 'object' && item !== null && isTag(item) && item.$type === 'Hole';
    if (!isHole) decoded[index] = decodeTagged(item);
  });
  return decoded;
};

const decodeProperties = (json: object, target: object): object => {
  for (const [key, item] of Object.entries(json)) define(target, key, decodeTagged(item));
  return target;
};
