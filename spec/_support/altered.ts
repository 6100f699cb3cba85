import type { Change, Journal } from '../../source/journal/journal.js';

/** A journal of which some methods are others'. */
export const altered = (journal: Journal, changes: Partial<Journal>): Journal =>
  new Proxy(journal, {
    get: (target, name) => {
      const value: unknown = name in changes ? Reflect.get(changes, name) : Reflect.get(target, name, target);
      return typeof value === 'function' && !(name in changes) ? (value.bind(target) as unknown) : value;
    },
  });

export interface Announcer {
  readonly journal: Journal;
  /** What is written from now on is not heard of: its answer is on its way. */
  readonly hold: () => void;
  /** All of that is heard of. */
  readonly release: () => void;
  readonly tell: (...changes: readonly Change[]) => void;
}

/** A journal of which it is heard when the test says so, as of a server that is far away. */
export const announcer = (journal: Journal, changes: Partial<Journal> = {}): Announcer => {
  const listeners = new Set<(changes: readonly Change[]) => void>();
  let held: Change[] | undefined;
  const tell = (...all: readonly Change[]): void => {
    for (const listener of [...listeners]) listener(all);
  };
  journal.subscribe((all) => {
    if (held) held.push(...all);
    else tell(...all);
  });
  return {
    journal: altered(journal, {
      ...changes,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    }),
    hold: () => {
      held = [];
    },
    release: () => {
      const all = held ?? [];
      held = undefined;
      tell(...all);
    },
    tell,
  };
};
