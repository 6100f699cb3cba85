import { defaultCodec, limited } from '../values/codec.js';

/** At most one heartbeat with details is recorded in this time; the last one counts. */
const recordMs = 1000;

/** What an activity has told of its progress, encoded: its next attempt is told. */
export class HeartbeatDetails {
  readonly #maxPayloadBytes: number;
  #last: string | undefined;
  #recordedAt = -Infinity;

  constructor(last: string | undefined, maxPayloadBytes: number) {
    this.#maxPayloadBytes = maxPayloadBytes;
    this.#last = last;
  }

  get last(): string | undefined {
    return this.#last;
  }

  get decoded(): unknown {
    return this.#last === undefined ? undefined : defaultCodec.decode(this.#last);
  }

  /** Answers with what is to be recorded now, if anything is. */
  tell(details: unknown, now: number): string | undefined {
    if (details === undefined) return undefined;
    this.#last = limited(defaultCodec, this.#maxPayloadBytes).encode(details);
    if (now - this.#recordedAt < recordMs) return undefined;
    this.#recordedAt = now;
    return this.#last;
  }
}
