import test from 'ava';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Letter } from '../../source/journal/journal.js';
import { statuses, type RunStatus } from '../../source/journal/status.js';
import {
  alreadyThere,
  behindOf,
  controlOf,
  retryOf,
  rewindOf,
  takenIn,
  terminated,
  type Control,
} from '../../source/run/control.js';
import { decodeFailure } from '../../source/values/failure.js';
import { codeOf } from '../_support/code-of.js';

const requests = ['pause', 'resume', 'cancel', 'terminate', 'replay', 'rewind'] as const satisfies Control['type'][];

/** Whether the docs say that a request does something, finds it done, or is refused: by request and status. */
const documented = (): ReadonlyMap<string, string> => {
  const docs = readFileSync(fileURLToPath(new URL('../../../docs/runs.md', import.meta.url)), 'utf8').split('\n');
  const begin = docs.findIndex((line) => line.startsWith('| | pending, running, waiting |'));
  const cellsOf = (line = ''): readonly string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const heads = cellsOf(docs[begin]);
  return new Map(
    docs.slice(begin + 2, begin + 2 + requests.length).flatMap((line) => {
      const [title = '', ...cells] = cellsOf(line);
      const request = /^`(\w+)\(/.exec(title)?.[1] ?? title;
      return cells.flatMap((cell, place) =>
        (heads[place + 1] ?? '').split(', ').map((status) => [`${request} ${status}`, cell.charAt(0)] as const),
      );
    }),
  );
};

const saidOf = (request: Control['type'], status: RunStatus): string => {
  if (takenIn[request].includes(status)) return '✓';
  return alreadyThere[request].includes(status) ? '–' : '✗';
};

test('what is taken of a run in each status, and what is there already, is what the docs say', (t) => {
  const said = requests.flatMap((request) =>
    // A link ends as continued, a run never does.
    statuses
      .filter((status) => status !== 'continued')
      .map((status) => [`${request} ${status}`, saidOf(request, status)]),
  );
  const docs = new Map(documented());
  // That of a run that has completed is a verification: nothing is asked of the run.
  t.is(docs.get('replay completed'), '✓');
  docs.set('replay completed', '✗');

  t.deepEqual(Object.fromEntries(said), Object.fromEntries(docs));
});

test('nothing is both taken and there already', (t) => {
  for (const request of requests)
    t.deepEqual(
      takenIn[request].filter((status) => alreadyThere[request].includes(status)),
      [],
      request,
    );
});

test('a request is taken behind another one where that may bring the run away from where it is wanted', (t) => {
  t.deepEqual(
    requests.map((type) => behindOf(type === 'rewind' ? { type, goTo: 1 } : { type })),
    [['paused'], ['pending', 'running', 'waiting'], [], [], ['pending', 'running', 'waiting'], []],
  );
});

test('a letter is the request that was written, and none if a later release wrote it', (t) => {
  const letter = (name: string, payload = '{}'): Letter => ({ id: 1, kind: 'control', name, payload, at: 1 });

  for (const type of ['pause', 'resume', 'cancel', 'terminate', 'replay'] as const)
    t.deepEqual(controlOf(letter(type)), { type });
  t.deepEqual(controlOf(letter('rewind', '{"goTo":7}')), { type: 'rewind', goTo: 7 });
  t.is(controlOf(letter('hibernate')), undefined);
});

const place = { seq: 9, at: 90, sagas: [{ key: 'saga:trip#0', since: 2 }] };
const before = { seq: 3, from: 2, at: 30, keepsSuccesses: true, automatic: true, sagas: [] };

test('a retry goes back to the recorded failure, or to the end where there is none, and keeps successes', (t) => {
  t.deepEqual(retryOf({ index: 4, seq: 8 }, { ...place, automatic: true }, [before]), {
    event: { type: 'run-retried', index: 4 },
    rewinds: [before, { ...place, automatic: true, from: 4, keepsSuccesses: true }],
  });
  t.deepEqual(retryOf({ seq: 8 }, { ...place, automatic: false }), {
    event: { type: 'run-retried', index: 8 },
    rewinds: [{ ...place, automatic: false, from: 8, keepsSuccesses: true }],
  });
});

test('a rewind goes back behind the event that still counts, keeps nothing, and is by hand', (t) => {
  t.deepEqual(rewindOf(4, place, [before]), {
    event: { type: 'run-rewound', index: 4 },
    rewinds: [before, { ...place, from: 5, keepsSuccesses: false, automatic: false }],
  });
});

test('a terminated run has RUN_TERMINATED for its error', (t) => {
  const end = terminated('r');

  t.is(end.type, 'run-terminated');
  const error = 'payload' in end ? decodeFailure(end.payload) : undefined;
  t.is(codeOf(error), 'RUN_TERMINATED');
  t.regex(String(error), /run "r" was terminated/);
});
