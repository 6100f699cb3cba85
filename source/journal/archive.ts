import type { RunEvent } from './event.js';
import type { Exposed } from './exposed.js';
import type { RunRecord } from './run-record.js';

/** One event of an archived run, with the link that it is of. */
export type ArchivedEvent = RunEvent & { readonly link: number };

/** What others have written to a run, read or unread. Ids are those of its database: events refer to signals by them. */
export interface ArchivedLetter {
  readonly id: number;
  readonly kind: 'signal' | 'child' | 'control';
  readonly name: string;
  readonly payload: string;
  readonly at: number;
  readonly idempotencyKey?: string;
  readonly consumed: boolean;
}

/** All that is stored of one run. */
export interface ArchivedRun {
  readonly run: RunRecord & { readonly onClose?: 'cancel' | 'terminate' | 'abandon' };
  /** Of all its links, in order. */
  readonly events: readonly ArchivedEvent[];
  readonly letters: readonly ArchivedLetter[];
  readonly exposed: readonly Exposed[];
}

/** Rises when what is written could not be read by who knows only the present one. 1 had the present link alone. */
export const archiveFormat = 2;

/**
 * A run as JSON lines: its record, its events, its letters, what it exposes, and how many those are. Payloads stand in the clear.
 *
 * ```json
 * {"type":"run","format":2,"id":"order-a","workflow":"process-order",…}
 * {"link":0,"type":"started","seq":0,…}
 * {"type":"letter","id":7,"kind":"signal",…}
 * {"type":"exposed","name":"progress",…}
 * {"type":"end","events":1,"letters":1,"exposed":1}
 * ```
 */
export function* archiveLines({ run, events, letters, exposed }: ArchivedRun): Generator<string> {
  yield lineOf({ type: 'run', format: archiveFormat, ...run });
  for (const event of events) yield lineOf(event);
  for (const letter of letters) yield lineOf({ type: 'letter', ...letter });
  for (const value of exposed) yield lineOf({ type: 'exposed', ...value });
  yield lineOf({ type: 'end', events: events.length, letters: letters.length, exposed: exposed.length });
}

const lineOf = (value: object): string => `${JSON.stringify(value)}\n`;
