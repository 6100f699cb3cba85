import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

// One after the other: each is a process of its own, some of them several.

/** Runs a demo as a process of its own; rejects when it does not end by itself with code 0. */
const linesOf = async (demo: string): Promise<readonly string[]> => {
  const file = fileURLToPath(new URL(`../../demos/${demo}.js`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 60_000 });
  return stdout.trimEnd().split('\n');
};

test.serial('the journey is undone by the next process, and booked on the next day', async (t) => {
  const lines = await linesOf('travel');

  t.deepEqual(lines, [
    'A journey without a car',
    '  flight to Lisbon is booked, attempt 1, trip/0/step:journey/flight#0',
    '  hotel in Lisbon is booked, attempt 1, trip/0/step:journey/hotel#0',
    '  calling the hotel once more, attempt 2',
    '  ✂ the process is killed',
    'The next process goes on',
    '  calling the hotel once more, attempt 2',
    '  hotel Rossio 9 is cancelled, attempt 2, trip/0/compensation:journey/hotel#0',
    '  flight TP 204 is cancelled, attempt 1, trip/0/compensation:journey/flight#0',
    '  failed: activity "journey/car" failed after its only attempt: no car is left',
    'The next day there is a car: replay',
    '  flight to Lisbon is booked, attempt 1, trip/0.1/step:journey/flight#0',
    '  hotel in Lisbon is booked, attempt 1, trip/0.1/step:journey/hotel#0',
    '  car in Lisbon is booked, attempt 1, trip/0.1/step:journey/car#0',
    '  completed: TP 204, Rossio 9, a red one',
    'The companies did 7 things for us, each once: true',
  ]);
});

test.serial('the approval reminds each day, asks the director after three, and is dropped after ten', async (t) => {
  const lines = await linesOf('approval');

  t.deepEqual(lines, [
    'Somebody wants a chair',
    '  day  0.0  mail to the manager: please decide on a chair',
    '  day  1.0  mail to the manager: reminder 1, a chair waits for you',
    '  day  1.5  a chair is approved by the manager',
    'Somebody wants a van',
    '  day  0.0  mail to the manager: please decide on a van',
    '  day  1.0  mail to the manager: reminder 1, a van waits for you',
    '  day  2.0  mail to the manager: reminder 2, a van waits for you',
    '  day  3.0  mail to the director: please decide on a van',
    '  day  4.0  mail to the director: reminder 1, a van waits for you',
    '  day  4.2  a van is approved by the director',
    'Somebody wants a castle',
    '  day  0.0  mail to the manager: please decide on a castle',
    '  day  1.0  mail to the manager: reminder 1, a castle waits for you',
    '  day  2.0  mail to the manager: reminder 2, a castle waits for you',
    '  day  3.0  mail to the director: please decide on a castle',
    ...[1, 2, 3, 4, 5, 6].map((n) => `  day  ${n + 3}.0  mail to the director: reminder ${n}, a castle waits for you`),
    '  day 10.0  a castle is declined by nobody',
  ]);
});

test.serial('the monitor watches 200 days in 200 links, none of which grows', async (t) => {
  const lines = await linesOf('monitor');

  t.deepEqual(lines, [
    'day 50: link 49 with 15 events; 399 readings, the highest 155 cm on day 14',
    'day 100: link 99 with 15 events; 799 readings, the highest 155 cm on day 14',
    'day 150: link 149 with 15 events; 1199 readings, the highest 319 cm on day 143',
    'result of the run: 1600 readings, the highest 319 cm on day 143',
    '200 links of 18 to 19 rows, 3601 in all',
  ]);
});

test.serial('the first offer wins, and the carriers that are asked in vain have their lorries back', async (t) => {
  const lines = await linesOf('fan-out');

  t.deepEqual(lines, [
    'day 0  Albatros keeps a lorry for us',
    'day 0  Bison keeps a lorry for us',
    'day 0  Camel has no lorry',
    'day 0  Dromedary keeps a lorry for us',
    'day 2  Albatros has its lorry back',
    'day 2  Dromedary has its lorry back',
    'day 2  result: Bison drives for 200',
    'tender/0/child:offer#0 Albatros  cancelled',
    'tender/0/child:offer#1 Bison     completed',
    'tender/0/child:offer#2 Camel     failed',
    'tender/0/child:offer#3 Dromedary cancelled',
  ]);
});

test.serial('the order is charged at the second attempt and leaves the house three days later', async (t) => {
  const lines = await linesOf('order');

  t.deepEqual(
    lines.filter((line) => !line.startsWith('2030')),
    [
      '  somebody approves',
      '  charging 99 (attempt 1, key order-7/0/activity:charge#0)',
      '  charging 99 (attempt 2, key order-7/0/activity:charge#0)',
      '  order-7 leaves the house',
      'receipt: order-7, shipped on 2030-01-06',
    ],
  );
});

test.serial('the ingest is killed twice, and each film is there once', async (t) => {
  const lines = await linesOf('ingest');

  t.is(lines.at(-1), 'each record is there exactly once');
  t.true(lines.some((line) => line.includes('{"stored":3169,"rejected":32}')));
});
