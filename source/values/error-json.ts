import * as errors from '../errors.js';

type Walk = (key: string | number, item: unknown) => unknown;

/** Properties of an error that are no own property of interest: they are written under their own names. */
const ownNames = new Set(['name', 'message', 'stack', 'cause', 'errors']);

/**
 * An error as JSON: name, message, stack, cause, the `errors` of an aggregate, and own properties such as `code`. A property that
 * cannot be written down (a socket, a function) is left out and named in `unrecorded`: the error itself always survives.
 */
export const encodeError = (error: Error, at: Walk): Record<string, unknown> => {
  const unrecorded: string[] = [];
  const attempt = (key: string, read: () => unknown): unknown => {
    try {
      return at(key, read());
    } catch {
      unrecorded.push(key);
      return undefined;
    }
  };
  const properties: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    if (ownNames.has(key)) continue;
    const encoded = attempt(key, () => Reflect.get(error, key));
    if (encoded !== undefined) properties[key] = encoded;
  }
  const cause = 'cause' in error ? attempt('cause', () => error.cause) : undefined;
  const parts =
    'errors' in error && Array.isArray(error.errors)
      ? attempt('errors', () => [...(error.errors as unknown[])])
      : undefined;
  return {
    name: error.name,
    message: error.message,
    ...(typeof error.stack === 'string' ? { stack: error.stack } : {}),
    ...(cause === undefined ? {} : { cause }),
    ...(parts === undefined ? {} : { errors: parts }),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
    ...(unrecorded.length === 0 ? {} : { unrecorded }),
  };
};

const builtIns = [Error, TypeError, RangeError, SyntaxError, EvalError, ReferenceError, URIError, AggregateError];
const ours = [
  errors.TempoliteError,
  errors.ValueError,
  errors.JournalError,
  errors.DeterminismError,
  errors.ActivityError,
  errors.EngineError,
  errors.RunError,
  errors.ChildError,
  errors.SagaError,
];

/** Error classes whose instances come back as instances of themselves. */
const classes = new Map<string, { readonly prototype: object }>(
  [...builtIns, ...ours].map((type) => [type.name, type]),
);

/** The error that `encodeError` was given; of a class that is unknown here, an `Error` of that name. */
export const decodeError = (json: Readonly<Record<string, unknown>>, decode: (json: unknown) => unknown): Error => {
  const { name, message, stack, cause, errors: parts, properties, unrecorded } = json;
  const type = classes.get(String(name));
  // Constructors want their own arguments; the prototype is what makes `instanceof` true.
  const error = Object.setPrototypeOf(new Error(String(message)), type?.prototype ?? Error.prototype) as Error;
  hide(error, 'stack', stack);
  if ('cause' in json) hide(error, 'cause', decode(cause));
  if (Array.isArray(parts)) hide(error, 'errors', decode(parts));
  if (!type || error.name !== name) hide(error, 'name', name);
  if (typeof properties === 'object' && properties !== null) {
    for (const [key, item] of Object.entries(properties)) Reflect.set(error, key, decode(item));
  }
  if (Array.isArray(unrecorded)) Reflect.set(error, 'unrecorded', unrecorded);
  return error;
};

/** As the engine defines them: not enumerable. */
const hide = (error: Error, key: string, value: unknown): void => {
  Object.defineProperty(error, key, { value, writable: true, enumerable: false, configurable: true });
};
