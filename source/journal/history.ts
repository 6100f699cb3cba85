import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { ValueError } from '../errors.js';
import type { RunEvent } from './event.js';
import type { Journal, SignalRecord } from './journal.js';
import type { RunRecord } from './run-record.js';
import { statuses } from './status.js';

/** Everything that is stored of one run. */
export interface RunHistory {
  readonly run: RunRecord;
  /** The events of its present link, in order. */
  readonly events: readonly RunEvent[];
  /** Its unread signals, oldest first. */
  readonly signals: readonly SignalRecord[];
}

/** Events that are read at once. */
const pageSize = 1000;

/** Reads one run. */
export const readHistory = async (journal: Journal, run: RunRecord): Promise<RunHistory> => ({
  run,
  events: await readEvents(journal, run.id, run.link),
  signals: (await journal.inbox(run.id)).signals,
});

/** Reads all events of a link. */
export const readEvents = async (journal: Journal, runId: string, link: number): Promise<readonly RunEvent[]> => {
  const events: RunEvent[] = [];
  for (;;) {
    const page = await journal.events(runId, link, events.length, pageSize);
    events.push(...page);
    if (page.length < pageSize) return events;
  }
};

/**
 * A run as JSON lines: its record, then its events, then its unread signals. Several runs may follow each other in one text.
 *
 * ```json
 * {"type":"run","format":1,"id":"order-a","workflow":"process-order",…}
 * {"type":"started","seq":0,…}
 * {"type":"signal","id":7,…}
 * ```
 */
export const writeHistory = ({ run, events, signals }: RunHistory): string =>
  [{ type: 'run', format, ...run }, ...events, ...signals.map((signal) => ({ type: 'signal', ...signal }))]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');

const format = 1;

/** The record of a run. */
export const RunFields = t.intersection([
  t.type({
    id: t.string,
    workflow: t.string,
    version: t.number,
    status: t.keyof(Object.fromEntries(statuses.map((status) => [status, null])) as Record<RunRecord['status'], null>),
    link: t.number,
    priority: t.number,
    tags: t.record(t.string, t.string),
    inputDigest: t.string,
    createdAt: t.number,
    updatedAt: t.number,
  }),
  t.partial({
    wakeAt: t.number,
    detail: t.string,
    parent: t.type({ runId: t.string, key: t.string }),
    versions: t.record(t.string, t.number),
    rewinds: t.array(
      t.type({
        seq: t.number,
        from: t.number,
        keepsSuccesses: t.boolean,
        sagas: t.array(t.type({ key: t.string, since: t.number })),
        automatic: t.boolean,
        at: t.number,
      }),
    ),
  }),
]);

const RunLine = t.intersection([t.type({ type: t.literal('run'), format: t.literal(format) }), RunFields]);

const SignalLine = t.type({ type: t.literal('signal'), id: t.number, name: t.string, payload: t.string, at: t.number });

const EventLine = t.type({ type: t.string, seq: t.number, batch: t.number, epoch: t.number, at: t.number });

/** Reads what `writeHistory` wrote. Error: `DECODE_FAILED`, with the line. */
export const parseHistories = (text: string): readonly RunHistory[] => {
  const histories: { run: RunRecord; events: RunEvent[]; signals: SignalRecord[] }[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    const value = parseLine(line, index);
    const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
    if (type === 'run') {
      const { type: _, format: __, ...run } = decode(RunLine, value, index);
      histories.push({ run: run, events: [], signals: [] });
      return;
    }
    const last = histories.at(-1);
    if (!last) throw fault(index, 'it begins with the line of a run');
    if (type === 'signal') {
      const { type: _, ...signal } = decode(SignalLine, value, index);
      last.signals.push(signal);
    } else {
      // An event's fields depend on its type; the replay holds each against what the code asks for.
      last.events.push(decode(EventLine, value, index) as RunEvent);
    }
  });
  return histories;
};

const parseLine = (line: string, index: number): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    // The parser's own words would show what stands there.
    throw fault(index, 'it is JSON');
  }
};

const decode = <A>(type: t.Type<A, unknown>, value: unknown, index: number): A => {
  const decoded = type.decode(value);
  if (E.isRight(decoded)) return decoded.right;
  const fields = [
    ...new Set(
      decoded.left.map((error) =>
        error.context
          .map(({ key }) => key)
          .join('.')
          .replace(/^\.|\.\d+/g, ''),
      ),
    ),
  ];
  throw fault(index, `it has the fields of its type (wrong: ${fields.join(', ')})`);
};

const fault = (index: number, expected: string): ValueError =>
  new ValueError('DECODE_FAILED', `line ${index + 1} of the history is not what it should be: ${expected}`);
