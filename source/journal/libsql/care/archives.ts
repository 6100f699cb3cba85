import type { ArchivedEvent, ArchivedLetter, ArchivedRun } from '../../archive.js';
import type { BigPayload } from '../../payloads/payload-codec.js';
import type { PayloadSeal } from '../../payloads/payload-seal.js';
import type { Binding } from '../connection.js';
import type { RowReader } from '../row-reader.js';
import { nameOfKey } from '../rows.js';
import type { CareStatement, Rows } from './care-sql.js';
import * as sql from './care-statements.js';

/** Rows of one statement: each comes as a JSON text. */
const rowsPerStatement = 1000;

/** The statements that read a run, with its descendants if they are asked for. */
export const readingOf = (runId: string, withChildren: boolean): readonly CareStatement[] =>
  [sql.archiveRuns, sql.archiveEvents, sql.archiveLetters, sql.archiveExposed].map((statement) => ({
    sql: statement,
    bindings: [runId, withChildren ? 1n : 0n],
  }));

/** What they gave, as runs. */
export const archivedRuns = (read: readonly Rows[], rows: RowReader): readonly ArchivedRun[] => {
  const [runs = [], events = [], letters = [], exposed = []] = read;
  const eventsOf = byRun(events, 0);
  const lettersOf = byRun(letters, 5);
  const exposedOf = byRun(exposed, 3);
  return runs.map((row) => {
    const num = Number(row[0]);
    const onClose = row.at(-1);
    // Whose it is now is of no concern elsewhere.
    const { worker: _, ...run } = rows.run(row);
    return {
      run: { ...run, ...(isPolicy(onClose) ? { onClose } : {}) },
      events: (eventsOf.get(num) ?? []).map(([, link, ...event]) => ({ link: Number(link), ...rows.event(event) })),
      letters: (lettersOf.get(num) ?? []).map((letter) => letterOf(letter, rows)),
      exposed: (exposedOf.get(num) ?? []).map(rows.exposed),
    };
  });
};

/** The statements that write runs. A run of whose parent there is nothing keeps its name, and tells nobody. */
export const writingOf = (runs: readonly ArchivedRun[], seal: PayloadSeal): readonly CareStatement[] => {
  const big = new Map<string, BigPayload>();
  const store = (payload: string): string => {
    const stored = seal.store(payload);
    if (stored.big) big.set(stored.big.digest, stored.big);
    return stored.text;
  };
  const written = runs.flatMap((archived) => statementsOf(archived, seal, store));
  const aside = [...big.values()].map(({ digest, text }) => [digest, text]);
  return [...inPieces(sql.restoreBig, [], aside), ...written];
};

const statementsOf = (
  { run, events, letters, exposed }: ArchivedRun,
  seal: PayloadSeal,
  store: (payload: string) => string,
): readonly CareStatement[] => {
  const all = [...letters, ...lettersOfOthers(events, letters)];
  const places = new Map(all.map(({ id }, place) => [id, place]));
  const letterRows = all.map(({ kind, name, payload, at, idempotencyKey = null, consumed }) => [
    ...[kind, name, store(payload), at, idempotencyKey, consumed ? 1 : 0],
  ]);
  const eventRows = events.map((event) => eventRow(event, places, seal, store));
  const exposedRows = exposed.map(({ name, payload, at }) => [name, seal.seal(payload), at]);
  return [
    { sql: sql.restoreRun, bindings: runBindings(run, seal) },
    ...inPieces(sql.restoreLetters, [run.id], letterRows),
    ...inPieces(sql.restoreEvents, [run.id, run.id], eventRows),
    ...inPieces(sql.restoreExposed, [run.id], exposedRows),
  ];
};

/** A fork has the signals of the run that it was made of in its events, not in its inbox. Here they get a place there. */
const lettersOfOthers = (events: readonly ArchivedEvent[], letters: readonly ArchivedLetter[]): ArchivedLetter[] => {
  const known = new Set(letters.map(({ id }) => id));
  return events.flatMap((event) => {
    if (event.type !== 'signal-received' || known.has(event.index)) return [];
    known.add(event.index);
    const { index: id, key, payload, at } = event;
    return [{ id, kind: 'signal', name: nameOfKey(key), payload, at, consumed: true }];
  });
};

const eventRow = (
  event: ArchivedEvent,
  places: ReadonlyMap<number, number>,
  seal: PayloadSeal,
  store: (payload: string) => string,
): readonly unknown[] => {
  const { link, seq, batch, epoch, type, at } = event;
  const isSignal = type === 'signal-received';
  const index = isSignal ? places.get(event.index) : 'index' in event ? event.index : undefined;
  return [
    ...[link, seq, batch, epoch, type],
    'key' in event ? event.key : null,
    'digest' in event ? seal.sealDigest(event.digest) : null,
    index ?? null,
    at,
    'payload' in event && typeof event.payload === 'string' ? store(event.payload) : null,
    isSignal ? 1 : 0,
  ];
};

const runBindings = (run: ArchivedRun['run'], seal: PayloadSeal): readonly Binding[] => [
  ...[run.id, run.workflow, BigInt(run.version), run.status, BigInt(run.link), BigInt(run.priority)],
  ...[JSON.stringify(run.tags), seal.sealDigest(run.inputDigest), BigInt(run.createdAt), BigInt(run.updatedAt)],
  run.wakeAt === undefined ? null : BigInt(run.wakeAt),
  run.detail === undefined ? null : seal.seal(run.detail),
  ...[run.parent?.runId ?? null, run.parent?.runId ?? null, run.parent?.key ?? null, run.onClose ?? null],
  run.versions ? JSON.stringify(run.versions) : null,
  run.rewinds ? JSON.stringify(run.rewinds) : null,
];

const inPieces = (
  statement: string,
  bindings: readonly Binding[],
  rows: readonly (readonly unknown[])[],
): readonly CareStatement[] =>
  Array.from({ length: Math.ceil(rows.length / rowsPerStatement) }, (_, piece) => ({
    sql: statement,
    bindings: [...bindings, JSON.stringify(rows.slice(piece * rowsPerStatement, (piece + 1) * rowsPerStatement))],
  }));

const byRun = (rows: Rows, column: number): ReadonlyMap<number, (readonly unknown[])[]> => {
  const found = new Map<number, (readonly unknown[])[]>();
  for (const row of rows) {
    const num = Number(row[column]);
    const ofRun = found.get(num);
    if (ofRun) ofRun.push(row);
    else found.set(num, [row]);
  }
  return found;
};

const letterOf = (row: readonly unknown[], rows: RowReader): ArchivedLetter => {
  const [, , , , kind, , idempotencyKey, consumed] = row;
  if (kind !== 'signal' && kind !== 'child' && kind !== 'control')
    throw new TypeError(`letter ${String(row[0])} is of the unknown kind ${String(kind)}`);
  return {
    ...rows.signal(row),
    kind,
    ...(typeof idempotencyKey === 'string' ? { idempotencyKey } : {}),
    consumed: consumed === 1,
  };
};

const isPolicy = (value: unknown): value is 'cancel' | 'terminate' | 'abandon' =>
  value === 'cancel' || value === 'terminate' || value === 'abandon';
