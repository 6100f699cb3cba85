import type { ExecutionContext } from 'ava';
import { defineActivity, type RunEvent } from '../../source/index.js';
import { readHistory } from '../../source/journal/history.js';
import { checkHistory } from '../../source/run/check-history.js';
import { TestEngine, type Effect, type TestEngineOptions } from '../../source/testing/index.js';

/** A test engine in memory; its journals are held against the laws when the test ends. */
export const lifeOf = async (t: ExecutionContext, options: TestEngineOptions): Promise<TestEngine> => {
  const engine = await TestEngine.open(options);
  t.teardown(async () => {
    const faults: string[] = [];
    for (const run of await engine.journal.runs({}, { limit: Infinity })) {
      faults.push(...checkHistory(await readHistory(engine.journal, run)));
    }
    await engine.close();
    if (faults.length > 0) throw new Error(faults.join('\n'));
  });
  return engine;
};

/** Activities that only stand-ins serve, at once in any number, tried once unless told otherwise. */
export const jobOf = (name: string, maxAttempts = 1): ReturnType<typeof defineActivity<string, string>> =>
  defineActivity<string, string>(name, { concurrency: 100, retry: { maxAttempts, jitter: 0 } }, () => {
    throw new Error(`a stand-in is missing for ${name}`);
  });

/** What was executed, as `charge@1`, in the order in which it was begun. */
export const doneIn = ({ effects }: { readonly effects: readonly Effect[] }): readonly string[] =>
  effects.map(({ activity, attempt }) => `${activity}@${attempt}`);

export const typesOf = (events: readonly RunEvent[]): readonly string[] => events.map(({ type }) => type);

/** How often events of this type are among them. */
export const countOf = (events: readonly RunEvent[], type: RunEvent['type']): number =>
  events.filter((event) => event.type === type).length;
