import * as t from 'io-ts';
import type { EventType } from './event.js';

/** What an event has beside its header: `k`ey and digest, `d`igest alone, `i`ndex, `p`ayload; in capitals what it must have. */
const fieldsByType: Readonly<Record<EventType, string>> = {
  started: 'P',
  'activity-intended': 'K',
  'activity-attempt-failed': 'KIP',
  'activity-heartbeat': 'KIP',
  'activity-emitted': 'KIP',
  'activity-completed': 'Kp',
  'activity-failed': 'KIP',
  'side-effect-recorded': 'KP',
  'signal-received': 'KIP',
  'timer-fired': 'KI',
  'transaction-committed': 'KP',
  'transaction-failed': 'KP',
  'version-chosen': 'KI',
  'child-started': 'KI',
  'child-replayed': 'KI',
  'child-closed': 'KI',
  'child-emitted': 'KIP',
  'child-completed': 'K',
  'child-failed': 'KP',
  'output-emitted': 'DIP',
  'run-completed': 'i',
  'run-failed': 'iP',
  'run-cancelled': 'P',
  'run-terminated': 'P',
  'run-continued': 'P',
  'cancel-requested': '',
  'run-paused': '',
  'run-resumed': 'p',
  'saga-compensated': 'IP',
  'run-retried': 'I',
  'run-rewound': 'I',
  'run-forked': 'P',
};

const Count = t.refinement(t.number, (value) => Number.isSafeInteger(value) && value >= 0, 'Count');
const header = { seq: Count, batch: Count, epoch: Count, at: t.Int };
const field = {
  k: { key: t.string, digest: t.string },
  d: { digest: t.string },
  i: { index: t.Int },
  p: { payload: t.string },
};

const isField = (letter: string): letter is keyof typeof field => letter in field;
const propsOf = (letters: readonly string[]): t.Props =>
  Object.assign({}, ...letters.filter(isField).map((letter) => field[letter])) as t.Props;

/** What a line of each type of event holds; other fields are dropped. */
const codecs = new Map(
  Object.entries(fieldsByType).map(([type, fields]) => {
    const letters = Object.keys(field);
    const required = letters.filter((letter) => fields.includes(letter.toUpperCase()));
    const optional = letters.filter((letter) => fields.includes(letter));
    return [
      type,
      t.exact(
        t.intersection([
          t.type({ type: t.literal(type), link: Count, ...header, ...propsOf(required) }),
          t.partial(propsOf(optional)),
        ]),
      ),
    ] as const;
  }),
);

/** `undefined` for a type that there is not. */
export const eventCodec = (type: unknown): t.Decoder<unknown, unknown> | undefined =>
  typeof type === 'string' ? codecs.get(type) : undefined;
