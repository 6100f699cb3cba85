/** What a pool allows itself. */
export interface PoolLimits {
  /** A file in which nothing can happen any more is finished when nobody has written to it for this long. */
  readonly restMs: number;
  /** A finished file that was opened again is closed when nobody has read it for this long. */
  readonly idleMs: number;
  /** Finished files that are open at once, beside those that are being read. */
  readonly mostIdle: number;
}

/** How old a hold may be when it is relied on. It is written again when it is this old, and the write that follows has half of `restMs` to arrive. */
export const holdMsOf = ({ restMs }: Pick<PoolLimits, 'restMs'>): number => restMs / 4;
