import type { EventBody, RunEvent, SagaCompensated } from '../journal/event.js';
import type { Rewind } from '../journal/run-record.js';

/** Which sagas of a run have begun to undo their steps. A retry that drops that begins them anew. */
export class Compensated {
  #waiting: SagaCompensated[] = [];
  #recorded: (SagaCompensated & Pick<RunEvent, 'seq'>)[] = [];

  add(key: string, since: number): void {
    this.#waiting.push({ type: 'saga-compensated', index: since, payload: key });
  }

  get waiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** A record of it was met. Where it no longer counts, nothing waits for it. */
  met(event: RunEvent & SagaCompensated): void {
    const place = this.#waiting.findIndex(({ payload }) => payload === event.payload);
    if (place >= 0) this.#waiting.splice(place, 1);
    this.#recorded.push(event);
  }

  take(): readonly EventBody[] {
    return this.#waiting.length === 0 ? none : this.#waiting.splice(0);
  }

  /** Those that are recorded from an event on. */
  since(from: number): Rewind['sagas'] {
    return sagasSince(this.#recorded, from);
  }
}

const none: readonly EventBody[] = [];

/** The sagas whose compensation was recorded from an event on. */
export const sagasSince = (
  events: readonly (SagaCompensated & Pick<RunEvent, 'seq'>)[],
  from: number,
): Rewind['sagas'] =>
  events.filter(({ seq }) => seq >= from).map(({ payload, index }) => ({ key: payload, since: index }));
