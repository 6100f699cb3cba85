import type { StreamRequest } from './protocol.js';

/** What goes wrong with a request. */
export type Fault =
  /** The connection is cut: before anything is executed, in the middle of it (which is rolled back), or after the commit. */
  | { readonly do: 'cut'; readonly when: 'before' | 'during' | 'after' }
  /** It is executed at once, and answered late. */
  | { readonly do: 'answer-late'; readonly ms: number }
  /** It is executed only when `release` is called, when nobody may wait for it any more. */
  | { readonly do: 'execute-late' }
  /** It is never answered. */
  | { readonly do: 'hang'; readonly when: 'before' | 'after' }
  /** The server, or what stands before it, says 502. Over a web socket: an error without a code of SQLite's. */
  | { readonly do: 'fail'; readonly when: 'before' | 'after' }
  /** The answer is no JSON. */
  | { readonly do: 'garble' }
  /** The database is locked. */
  | { readonly do: 'busy' }
  /** Its answer comes after that of the request that follows (web sockets). */
  | { readonly do: 'reorder' };

/** Which requests meet a fault. All that is given must hold. */
export interface FaultMatch {
  /** Only requests that write. */
  readonly writes?: boolean;
  /** Only those with this in one of their SQL texts. */
  readonly sql?: string;
  /** So many that would match are let pass before. Default: 0. */
  readonly after?: number;
  /** So many meet it. Default: 1. */
  readonly times?: number;
}

interface Planned {
  readonly fault: Fault;
  readonly match: FaultMatch;
  passed: number;
  met: number;
}

const writing = /^\s*(?:BEGIN IMMEDIATE|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|REPLACE|COMMIT)/i;

/** What is to go wrong. */
export class Faults {
  readonly #planned: Planned[] = [];
  #held: (() => void)[] = [];
  /** Requests that were executed, or would have been. */
  requests = 0;
  /** Faults that were met. */
  met = 0;

  plan(fault: Fault, match: FaultMatch = {}): void {
    this.#planned.push({ fault, match, passed: 0, met: 0 });
  }

  clear(): void {
    this.#planned.length = 0;
  }

  /** Waits for `release`. */
  hold(): Promise<void> {
    return new Promise((resolve) => {
      this.#held.push(resolve);
    });
  }

  /** What was held back is executed now. Answers how many requests that were. */
  release(): number {
    const held = this.#held;
    this.#held = [];
    for (const go of held) go();
    return held.length;
  }

  /** The fault that these requests of one message meet. */
  of(requests: readonly StreamRequest[], textOf: (id: number) => string | undefined): Fault | undefined {
    const texts = requests.flatMap((request) => textsOf(request, textOf));
    if (texts.length === 0) return undefined;
    this.requests += 1;
    for (const planned of this.#planned) {
      const { match } = planned;
      if (match.writes && !texts.some((text) => writing.test(text))) continue;
      if (match.sql !== undefined && !texts.some((text) => text.includes(match.sql ?? ''))) continue;
      if (planned.passed < (match.after ?? 0)) {
        planned.passed += 1;
        continue;
      }
      if (planned.met >= (match.times ?? 1)) continue;
      planned.met += 1;
      this.met += 1;
      return planned.fault;
    }
    return undefined;
  }
}

const textsOf = (request: StreamRequest, textOf: (id: number) => string | undefined): readonly string[] => {
  const one = ({ sql, sql_id: id }: { readonly sql?: string | null; readonly sql_id?: number | null }): string =>
    sql ?? textOf(id ?? -1) ?? '';
  if (request.type === 'execute') return [one(request.stmt)];
  if (request.type === 'batch') return request.batch.steps.map(({ stmt }) => one(stmt));
  return request.type === 'sequence' ? [one(request)] : [];
};
