import test from 'ava';
import { perform, type Performance } from '../../source/testing/perform.js';
import type { Scene } from '../../source/testing/scene.js';
import { differencesOf } from '../../source/testing/shown.js';
import { childPlays } from '../_support/child-plays.js';
import { asked, failures, lives, others } from '../_support/lives.js';
import { parentPlays } from '../_support/parent-plays.js';
import { plays } from '../_support/plays.js';
import { sagaPlays } from '../_support/saga-plays.js';

/** All that is played elsewhere with crashes, here with a run that leaves memory after each turn. */
const scenes: Readonly<Record<string, Readonly<Record<string, Scene>>>> = {
  pipelines: plays,
  sagas: sagaPlays,
  children: childPlays,
  parents: parentPlays,
  lives: Object.fromEntries(
    Object.entries({ ...lives, ...failures, ...others }).map(([name, life]) => [name, asked(life)]),
  ),
  'lives that are paused': Object.fromEntries(
    Object.entries({ ...lives, ...failures }).map(([name, life]) => [
      name,
      asked(life, [3000, 'pause'], [3_600_000, 'resume']),
    ]),
  ),
  'lives that are cancelled': Object.fromEntries(
    Object.entries({ ...lives, ...failures }).map(([name, life]) => [name, asked(life, [3000, 'cancel'])]),
  ),
};

/** Plays a scene; answers also with how often a part of a journal was read. */
const counted = async (scene: Scene, evicts: boolean): Promise<{ right: Performance; reads: number }> => {
  let reads = 0;
  const right = await perform(scene, {
    worker: evicts ? { evictAfterMs: 0 } : {},
    reorder: (events) => {
      reads += 1;
      return events;
    },
  });
  return { right, reads };
};

for (const [kind, played] of Object.entries(scenes)) {
  test(`dropping each run from memory after each turn changes no outcome of ${kind} (scenario 39)`, async (t) => {
    const differences: string[] = [];
    const reads = { resident: 0, evicted: 0 };
    for (const [name, scene] of Object.entries(played)) {
      const resident = await counted(scene, false);
      const evicted = await counted(scene, true);
      differences.push(...differencesOf(resident.right, evicted.right).map((difference) => `${name}: ${difference}`));
      reads.resident += resident.reads;
      reads.evicted += evicted.reads;
    }

    t.deepEqual(differences, []);
    t.true(reads.evicted > reads.resident, 'runs left memory and were read again');
  });
}
