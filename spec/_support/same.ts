/**
 * Whether two values are the same to the last bit: classes, own properties, order of entries, -0, holes, bytes. Node's own deep
 * equality takes all URLs for equal and forgets stacks.
 */
export const same = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  return sameInside(inside(a), inside(b)) && sameProperties(a, b);
};

/** What a built-in holds beside its properties. */
const inside = (item: object): readonly unknown[] => {
  if (item instanceof Date) return [item.getTime()];
  if (item instanceof Map) return [...item].flat();
  if (item instanceof Set) return [...item];
  if (item instanceof URL) return [item.href];
  if (item instanceof RegExp) return [item.source, item.flags, item.lastIndex];
  if (item instanceof ArrayBuffer) return [...new Uint8Array(item)];
  if (ArrayBuffer.isView(item)) return [...new Uint8Array(item.buffer, item.byteOffset, item.byteLength)];
  if (item instanceof AggregateError) return [item.name, item.message, item.stack, 'cause' in item, item.errors];
  if (item instanceof Error) return [item.name, item.message, item.stack, 'cause' in item, item.cause];
  return Array.isArray(item) ? [item.length] : [];
};

const sameInside = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, index) => same(item, b[index]));

const sameProperties = (a: object, b: object): boolean => {
  if (ArrayBuffer.isView(a)) return true;
  const keys = keysOf(a);
  const others = keysOf(b);
  return (
    keys.length === others.length &&
    keys.every((key, index) => key === others[index] && same(Reflect.get(a, key), Reflect.get(b, key)))
  );
};

/** An error may have its name as an own property or from its class. */
const keysOf = (item: object): readonly string[] =>
  Object.keys(item).filter((key) => key !== 'name' || !(item instanceof Error));
