import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { ValueError } from '../errors.js';
import { archiveFormat, type ArchivedEvent, type ArchivedLetter, type ArchivedRun } from './archive.js';
import { eventCodec } from './event-fields.js';
import { RunFields } from './history.js';
import type { Exposed } from './exposed.js';

const Format = t.type({ type: t.literal('run'), format: t.number });
const RunLine = t.exact(
  t.intersection([RunFields, t.partial({ onClose: t.keyof({ cancel: null, terminate: null, abandon: null }) })]),
);
const LetterLine = t.exact(
  t.intersection([
    t.type({
      id: t.Int,
      kind: t.keyof({ signal: null, child: null, control: null }),
      name: t.string,
      payload: t.string,
      at: t.Int,
      consumed: t.boolean,
    }),
    t.partial({ idempotencyKey: t.string }),
  ]),
);
const ExposedLine = t.exact(t.type({ name: t.string, payload: t.string, at: t.Int }));
const EndLine = t.type({ events: t.Int, letters: t.Int, exposed: t.Int });

interface Reading {
  readonly run: ArchivedRun['run'];
  readonly events: ArchivedEvent[];
  readonly letters: ArchivedLetter[];
  readonly exposed: Exposed[];
}

/**
 * Reads what `archiveLines` wrote, in pieces of any size. Errors: `DECODE_FAILED` with the line, for what is no archive, of a newer
 * format, cut off, or whose events are not dense; payloads are not shown.
 */
export const parseArchive = async (
  lines: AsyncIterable<string> | Iterable<string>,
): Promise<readonly ArchivedRun[]> => {
  const runs: ArchivedRun[] = [];
  let reading: Reading | undefined;
  let number = 0;
  for await (const line of linesOf(lines)) {
    number += 1;
    if (line.trim() === '') continue;
    const value = parse(line, number);
    const { type } = decode(t.type({ type: t.string }), value, number);
    if (type === 'run') {
      if (reading) throw fault(number, 'the run before it has its end line');
      reading = { run: runOf(value, number), events: [], letters: [], exposed: [] };
      continue;
    }
    if (!reading) throw fault(number, 'it is the line of a run');
    if (type === 'letter') reading.letters.push(decode(LetterLine, value, number));
    else if (type === 'exposed') reading.exposed.push(decode(ExposedLine, value, number));
    else if (type !== 'end') reading.events.push(nextEvent(reading, type, value, number));
    else {
      const counts = decode(EndLine, value, number);
      const { events, letters, exposed } = reading;
      if (counts.events !== events.length || counts.letters !== letters.length || counts.exposed !== exposed.length)
        throw fault(number, 'it counts the lines of its run');
      runs.push(reading);
      reading = undefined;
    }
  }
  if (reading) throw fault(number + 1, 'it is there: the archive is cut off');
  if (runs.length === 0) throw fault(1, 'it is the line of a run');
  return runs;
};

async function* linesOf(pieces: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let rest = '';
  // A text is its own pieces, each a character.
  for await (const piece of typeof pieces === 'string' ? [pieces] : pieces) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}

const runOf = (value: unknown, line: number): ArchivedRun['run'] => {
  const { format } = decode(Format, value, line);
  if (format !== archiveFormat)
    throw fault(line, `its format is ${archiveFormat}, not ${format}: take the release that wrote it, or a newer one`);
  return decode(RunLine, value, line);
};

/** The order of delivery is the journal's order: nothing may be missing in it. */
const nextEvent = ({ events }: Reading, type: string, value: unknown, line: number): ArchivedEvent => {
  const codec = eventCodec(type);
  if (!codec) throw fault(line, `its type is one of an event, not ${JSON.stringify(type.slice(0, 40))}`);
  const event = decode(codec, value, line) as ArchivedEvent;
  const last = events.at(-1);
  const isNext = last?.link === event.link && event.seq === last.seq + 1;
  const isFirst = event.seq === 0 && event.link === (last ? last.link + 1 : 0);
  if (isNext || isFirst) return event;
  throw fault(line, 'events are in order, without a gap');
};

const parse = (line: string, number: number): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    // The parser's own words would show what stands there.
    throw fault(number, 'it is JSON');
  }
};

const decode = <A>(type: t.Decoder<unknown, A>, value: unknown, line: number): A => {
  const decoded = type.decode(value);
  if (E.isRight(decoded)) return decoded.right;
  const fields = decoded.left.map(
    ({ context }) => context.findLast(({ key }) => key !== '' && !/^\d+$/.test(key))?.key,
  );
  throw fault(line, `it has the fields of its type (wrong: ${[...new Set(fields)].join(', ')})`);
};

const fault = (line: number, expected: string): ValueError =>
  new ValueError(
    'DECODE_FAILED',
    `line ${line} of the archive is not what it should be: ${expected}. Nothing was written`,
  );
