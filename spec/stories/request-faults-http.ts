import test from 'ava';
import { meetEverywhere, sweepFaults } from '../_support/request-faults.js';
import { sealed } from '../_support/sealed.js';

sweepFaults('http');

test.serial('what was sealed is found again when its answer was lost', async (t) => {
  t.timeout(240_000);
  await meetEverywhere(t, { do: 'cut', when: 'after' }, sealed);
});
