import { parseArgs } from 'node:util';
import { noTally, simulate } from './simulate.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    /** Only worlds in which somebody goes back. */
    back: { type: 'boolean', default: false },
    /** For tests of the simulator: it ends with the first failure, as it is. */
    'until-failure': { type: 'boolean', default: false },
  },
});

const number = (text: string, name: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new TypeError(`--${name} is a whole number from 0 on, not ${text}`);
};

const first = number(values.seed ?? values.from, values.seed === undefined ? 'from' : 'seed');
const count = values.seed === undefined ? number(values.seeds, 'seeds') : 1;
const untilFailure = values['until-failure'];
const tally = noTally();
const begun = performance.now();
const failed: number[] = [];

for (let seed = first; seed < first + count && !(untilFailure && failed.length > 0); seed += 1) {
  try {
    await simulate(seed, tally, { shrink: !untilFailure, goesBack: values.back });
  } catch (error) {
    failed.push(seed);
    if (untilFailure) console.log(`failed at seed ${seed}`);
    console.error(
      `seed ${seed}: npm run simulate -- --seed ${seed}${values.back ? ' --back' : ''}\n${error instanceof Error ? error.message : String(error)}\n`,
    );
  }
}

const seconds = (performance.now() - begun) / 1000;
console.log(
  `${count} seeds, ${(count / seconds).toFixed(1)} seeds/s, ${tally.performances} performances, ${tally.events} events, ` +
    `${tally.crashes} crashes, ${tally.rewinds} times back, ${tally.copies} copies, ${tally.modelled} runs held against plain RxJS`,
);
console.log(failed.length === 0 ? 'all is well' : `${failed.length} failed: ${failed.join(', ')}`);
// What did not end goes on otherwise.
process.exit(failed.length === 0 ? 0 : 1);
