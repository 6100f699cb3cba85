import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import * as rxjs from 'rxjs';
import { combination } from '../_support/conformance/combination.js';
import { creation } from '../_support/conformance/creation.js';
import { errors, utilities } from '../_support/conformance/errors-and-utilities.js';
import { pageOf } from '../_support/conformance/page.js';
import { notOperators, refused } from '../_support/conformance/refused.js';
import { selection } from '../_support/conformance/selection.js';
import { time } from '../_support/conformance/time.js';
import { transformation } from '../_support/conformance/transformation.js';
import { modelOf, refusalOf, verdictOf, type Verdict } from '../_support/conformance/verdict.js';

const kinds = {
  Creation: creation,
  Combination: combination,
  Selection: selection,
  Transformation: transformation,
  Time: time,
  Errors: errors,
  Utilities: utilities,
};

/** What Node adds to a CommonJS module. */
const ofModules = new Set(['default', '__esModule', 'module.exports']);

const page = 'docs/rxjs-conformance.md';
const verdicts = new Map<string, Map<string, Verdict>>();

for (const [kind, cases] of Object.entries(kinds)) {
  const ofKind = new Map<string, Verdict>();
  verdicts.set(kind, ofKind);
  for (const [name, it] of Object.entries(cases)) {
    test.serial(`${name} does in a workflow what it does in RxJS, wherever that is cut`, async (t) => {
      const { shown, ...verdict } = await verdictOf(it);

      t.deepEqual(shown, modelOf(it));
      t.true(shown.length > 0, 'it shows something');
      ofKind.set(name, verdict);
    });
  }
}

const ofOutside = new Map<string, Verdict>();
verdicts.set('The outside world', ofOutside);

for (const [name, it] of Object.entries(refused)) {
  test.serial(`${name} is refused inside a workflow`, async (t) => {
    const verdict = await refusalOf(it);

    t.regex(verdict.message ?? '', /^(?!not blocked)/);
    t.regex(verdict.message ?? '', /asyncScheduler/);
    ofOutside.set(name, verdict);
  });
}

test.serial('every export of rxjs has a verdict, or is told to be no operator', (t) => {
  const judged = new Set([...Object.values(kinds), refused, notOperators].flatMap((each) => Object.keys(each)));

  t.deepEqual(
    Object.keys(rxjs).filter((name) => !judged.has(name) && !ofModules.has(name)),
    [],
  );
});

test.serial('the page of conformance is what the spec has found', (t) => {
  const generated = pageOf(verdicts);
  if (process.env['TEMPOLITE_WRITE_PAGES'] === '1') writeFileSync(page, generated);

  t.is(readFileSync(page, 'utf8'), generated, 'npm run conformance writes it anew');
});
