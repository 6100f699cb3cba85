import { JournalError } from '../../errors.js';
import type { PayloadSeal } from '../payloads/payload-seal.js';
import { marksText, parseSealed } from '../payloads/sealed-text.js';
import type { Binding, Connection } from './connection.js';
import * as sql from './statements.js';

/** Sealed once with each key, as a payload and as a digest. It says nothing. */
const probeText = 'tempolite';

interface Asked {
  readonly sql: string;
  readonly bindings: readonly Binding[];
  readonly writes: boolean;
}

/** The check, of a database whose answers need not be waited for. Errors: `PAYLOAD_KEY_MISSING`. */
export const checkSeals = (connection: Connection, seal: PayloadSeal): void => {
  const check = sealsCheck(seal);
  for (let step = check.next(); !step.done;) {
    const { sql: text, bindings, writes } = step.value;
    if (writes) connection.transaction(() => connection.run(text, bindings));
    step = check.next(writes ? [] : connection.all(text, bindings));
  }
};

/**
 * Holds the keys that were given against those that the database was written with, before anything is done with it: a payload that is met
 * later could not be read, and what is written in the meantime would stand in the clear. A key that seals nothing any more may be missing.
 * It yields what is to be asked of the database, and is given the rows: a driver may have to wait for them. Errors:
 * `PAYLOAD_KEY_MISSING`.
 */
export function* sealsCheck(seal: PayloadSeal): Generator<Asked, void, readonly (readonly unknown[])[]> {
  const found = yield { sql: sql.seals, bindings: [], writes: false };
  const known = new Map(found.map(([mark, probe]) => [String(mark), String(probe)]));
  for (const [mark, probe] of known) {
    const refusal = refusalOf(seal, mark, probe);
    if (!refusal) continue;
    // It reads the whole database, but only when a key is left out, and once.
    const [used] = yield { sql: sql.isSealedWith, bindings: [JSON.stringify(mark.split('+'))], writes: false };
    if (used?.[0] !== 0) throw refusal;
    yield { sql: sql.deleteSeal, bindings: [mark], writes: true };
  }
  for (const probe of [seal.seal(probeText), seal.sealDigest(probeText)]) {
    const mark = marksText(parseSealed(probe)?.marks ?? []);
    if (mark === '' || known.has(mark)) continue;
    known.set(mark, probe);
    yield { sql: sql.insertSeal, bindings: [mark, probe], writes: true };
  }
}

const refusalOf = (seal: PayloadSeal, mark: string, probe: string): JournalError | undefined => {
  try {
    return seal.open(probe) === probeText ? undefined : keyMissing(mark);
  } catch (cause) {
    if (cause instanceof JournalError) return keyMissing(mark, cause);
    throw cause;
  }
};

const keyMissing = (mark: string, cause?: JournalError): JournalError =>
  new JournalError(
    'PAYLOAD_KEY_MISSING',
    `this database has payloads that are sealed with ${mark}, and what was given does not open them. It was left as it was: ` +
      'open it with the `payloads` that wrote it, with all keys that were ever used',
    cause ? { cause } : {},
  );
