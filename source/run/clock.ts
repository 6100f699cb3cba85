/** Time for everything outside a turn. Instants are ms since 1970; `TestClock` of `tempolite/testing` is the other one. */
export interface Clock {
  now(): number;
  /** Calls back once `now() >= at`; the answer cancels. An instant that has passed is called back soon, never at once. */
  at(at: number, callback: () => void): () => void;
  /** For clocks that decide when time passes: an engine tells whether it has something to do before that. The answer ends it. */
  watch?(isQuiet: () => boolean): () => void;
}

/** `setTimeout` fires at once for delays above 2^31-1 ms, so that long waits are armed in pieces; a day also bounds drift. */
const longestPieceMs = 24 * 60 * 60 * 1000;

/** The machine's own clock. Armed timers keep the process alive, as `setTimeout` does. */
export const wallClock: Clock = {
  now: Date.now,
  at: (at, callback) => {
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const left = at - wallClock.now();
      timer = setTimeout(left <= longestPieceMs ? check : arm, Math.min(Math.max(left, 0), longestPieceMs));
    };
    // The wall clock may have been set back while we slept: fire only once the instant has really come.
    const check = (): void => {
      if (wallClock.now() >= at) callback();
      else arm();
    };
    arm();
    return () => {
      clearTimeout(timer);
    };
  },
};
