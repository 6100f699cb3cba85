/** The part of pino's logger that Tempolite calls, so that a pino instance (or `console`, wrapped) can be passed as it is. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const nothing = (): void => undefined;

/** Says nothing: the default. */
export const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
