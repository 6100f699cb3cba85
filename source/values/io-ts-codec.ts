import { isLeft } from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import { ValueError } from '../errors.js';
import { defaultCodec, type Codec } from './codec.js';
import { pathOf } from './path.js';

/** Faults that are listed in a message, and characters of a found value. */
const listedFaults = 5;
const shownCharacters = 80;

/**
 * The codec of an io-ts type at a boundary: `encode` writes what the type encodes, after checking that it decodes again; `decode`
 * reads and checks. Error: `DECODE_FAILED` with the path of the first fault.
 */
export const ioTsCodec = <A>(type: t.Type<A, unknown>): Codec<A> => ({
  encode: (value) => {
    const text = defaultCodec.encode(encodeWith(type, value));
    decodeWith(type, defaultCodec.decode(text));
    return text;
  },
  decode: (text) => decodeWith(type, defaultCodec.decode(text)),
});

/** The codec of a boundary: of its io-ts type, or the default one, which carries any value. */
export const codecOf = <A>(type?: t.Type<A, unknown>): Codec<A> =>
  // Without a type nothing is promised but that the value comes back as it was.
  type ? ioTsCodec(type) : (defaultCodec as Codec<A>);

/** A type's `encode` may throw when the value is of another type altogether: then its `decode` names the fault. */
const encodeWith = <A>(type: t.Type<A, unknown>, value: A): unknown => {
  try {
    return type.encode(value);
  } catch (error) {
    decodeWith(type, value);
    throw new ValueError('DECODE_FAILED', `the value cannot be encoded as ${type.name}`, {
      cause: error,
      path: 'value',
    });
  }
};

const decodeWith = <A>(type: t.Type<A, unknown>, json: unknown): A => {
  const decoded = type.decode(json);
  if (isLeft(decoded)) throw refusal(type.name, decoded.left);
  return decoded.right;
};

const refusal = (name: string, faults: t.Errors): ValueError => {
  const lines = faults.slice(0, listedFaults).map(describe);
  const more = faults.length > listedFaults ? ` and ${faults.length - listedFaults} more` : '';
  const path = faults[0] ? pathOfFault(faults[0]) : 'value';
  return new ValueError('DECODE_FAILED', `a value is not ${name}: ${lines.join('; ')}${more}`, { path });
};

const describe = (fault: t.ValidationError): string => {
  const expected = fault.context.at(-1)?.type.name ?? 'another value';
  return `${pathOfFault(fault)}: expected ${expected}, found ${show(fault.value)}${fault.message ? ` (${fault.message})` : ''}`;
};

/** The first entry of a context is the value itself; branches of unions and intersections are numbered, which is no path. */
const pathOfFault = ({ context }: t.ValidationError): string => {
  const keys = context.slice(1).flatMap(({ key }, index): (string | number)[] => {
    const tag = kindOf(context[index]?.type);
    if (tag === 'UnionType' || tag === 'IntersectionType') return [];
    return tag === 'ArrayType' || tag === 'ReadonlyArrayType' || tag === 'TupleType' ? [Number(key)] : [key];
  });
  return pathOf(keys);
};

/** Types that check what another type reads: the entries of a context are those of the inner one. */
const wrappers: readonly unknown[] = ['ExactType', 'RefinementType', 'ReadonlyType', 'RecursiveType'];

const kindOf = (type: unknown): unknown => {
  if (typeof type !== 'object' || type === null || !('_tag' in type)) return undefined;
  return wrappers.includes(type._tag) && 'type' in type ? kindOf(type.type) : type._tag;
};

const show = (value: unknown): string => {
  let text: string;
  try {
    text = typeof value === 'function' ? 'a function' : JSON.stringify(value) || String(value);
  } catch {
    text = typeof value;
  }
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
};
