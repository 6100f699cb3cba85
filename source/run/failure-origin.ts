import { decodeFailure } from '../values/failure.js';

/** Where the errors that a run has seen came from: the `seq` of the recorded failure. */
const origins = new WeakMap<object, number>();

/** How deep the causes of an error are looked through. */
const deepest = 20;

/** What a recorded failure delivers: the error, which remembers where it was recorded, however it is wrapped on its way. */
export const recordedFailure = ({ seq, payload }: { readonly seq: number; readonly payload: string }): unknown => {
  const error = decodeFailure(payload);
  if (typeof error === 'object' && error !== null) origins.set(error, seq);
  return error;
};

/** The earliest recorded failure that an error, its causes and its parts come from. */
export const originOf = (error: unknown, depth = 0): number | undefined => {
  if (typeof error !== 'object' || error === null || depth > deepest) return undefined;
  const found = [
    origins.get(error),
    'cause' in error ? originOf(error.cause, depth + 1) : undefined,
    ...('errors' in error && Array.isArray(error.errors) ? error.errors.map((part) => originOf(part, depth + 1)) : []),
  ].filter((seq) => seq !== undefined);
  return found.length > 0 ? Math.min(...found) : undefined;
};
