import test from 'ava';
import { Linter } from 'eslint';
import { readFileSync } from 'node:fs';
import { mutants, mutated } from '../simulator/mutants.js';
import { noTally, simulate } from '../simulator/simulate.js';

/** `npm run simulate` plays more of them. */
const seeds = 100;
const parts = 4;
const tally = noTally();

for (let part = 0; part < parts; part += 1) {
  const first = 1 + (part * seeds) / parts;
  const last = first + seeds / parts - 1;
  test.serial(`random pipelines in random worlds end as they would have, seeds ${first} to ${last}`, async (t) => {
    for (let seed = first; seed <= last; seed += 1) await t.notThrowsAsync(simulate(seed, tally), `seed ${seed}`);
  });
}

test.serial('the simulator crashes a lot, and has runs that plain RxJS can be asked about', (t) => {
  t.true(tally.crashes > seeds);
  t.true(tally.modelled > seeds / 4);
});

test('each bug that the simulator has to find has one place in the core', (t) => {
  for (const mutant of mutants) {
    const code = readFileSync(new URL(`../../source/${mutant.file}`, import.meta.url), 'utf8');
    t.notThrows(() => mutated(code, mutant), mutant.name);
  }
});

test('each bug that the simulator has to find reads only names that are there', (t) => {
  const linter = new Linter();
  const unknownIn = (code: string): readonly string[] =>
    linter
      .verify(code, { languageOptions: { sourceType: 'module' }, rules: { 'no-undef': 'error' } })
      .map(({ message }) => message);
  for (const mutant of mutants) {
    const code = readFileSync(new URL(`../../source/${mutant.file}`, import.meta.url), 'utf8');
    // Names of the platform are unknown to it, with the bug and without.
    const known = new Set(unknownIn(code));
    const unknown = unknownIn(mutated(code, mutant)).filter((message) => !known.has(message));
    t.deepEqual(unknown, [], mutant.name);
  }
});

test('a random world that does not end in time is a failure', async (t) => {
  await t.throwsAsync(simulate(1, noTally(), { shrink: false, longestMs: 0 }), { message: /it did not end in 0 ms/ });
});
