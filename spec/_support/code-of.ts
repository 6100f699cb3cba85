import { TempoliteError } from '../../source/index.js';

/** The code of one of our errors. */
export const codeOf = (error: unknown): string => (error instanceof TempoliteError ? error.code : String(error));
