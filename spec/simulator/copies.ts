import { isDeepStrictEqual } from 'node:util';
import { checkDatabase } from '../../source/client/check.js';
import { exportedRun, importRuns } from '../../source/client/run-archive.js';
import { readHistory, type RunHistory } from '../../source/journal/history.js';
import type { Journal } from '../../source/journal/journal.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { cutsOf, isCut } from '../../source/run/rewinds.js';
import { idempotencyKey } from '../../source/run/step-key.js';
import type { Performance } from '../../source/testing/perform.js';
import type { Notes } from './going-back.js';

/** Journals only grow; a fork has the history that it was taken of, and does none of it again. */
export const unkept = ({ histories, effects }: Performance, { seen, copies }: Notes): readonly string[] => {
  const of = (id: string): RunHistory | undefined => histories.find(({ run }) => run.id === id);
  const changed = seen.flatMap(({ runId, link, events }) => {
    const now = of(runId);
    if (!now || now.run.link !== link || isDeepStrictEqual(now.events.slice(0, events.length), events)) return [];
    return [`the history of run ${runId} is not what it was`];
  });
  const wrong = copies.flatMap(({ id, from, prefix }) => {
    if (!prefix) return [];
    const fork = of(id);
    const [forked, ...more] = fork?.events.slice(prefix.length).filter(({ type }) => type === 'run-forked') ?? [];
    if (!fork || !isDeepStrictEqual(fork.events.slice(0, prefix.length), prefix))
      return [`run ${id} does not have the history of run ${from} up to ${prefix.length - 1}`];
    if (forked?.seq !== prefix.length || more.length > 0) return [`run ${id} does not say where it was forked`];
    return doneAgain(fork, prefix.length).flatMap((key) =>
      effects.some(({ idempotencyKey }) => idempotencyKey === key)
        ? [`${key} was executed, although its end was copied`]
        : [],
    );
  });
  return [...changed, ...wrong];
};

/** What was copied with its end, and is not done again unless the fork itself has gone back. */
const doneAgain = ({ run, events }: RunHistory, length: number): readonly string[] => {
  const rewinds = run.rewinds ?? [];
  if (rewinds.some(({ seq }) => seq > length)) return [];
  const cuts = cutsOf(rewinds);
  return events.slice(0, length).flatMap((event) => {
    const isKept = event.type === 'activity-completed' && !isCut(cuts, event.seq);
    return isKept ? [idempotencyKey(run.id, run.link, event.epoch, event.key)] : [];
  });
};

/** Without a crash what is asked for is executed once, and once more for each time that its run has gone back. */
export const repeated = ({ histories, effects, deaths }: Performance): readonly string[] => {
  if (deaths > 0) return [];
  return effects.flatMap(({ runId, idempotencyKey: key, attempt, executions }) => {
    const rewinds = histories.find(({ run }) => run.id === runId)?.run.rewinds?.length ?? 0;
    return executions <= 1 + rewinds ? [] : [`${key}@${attempt} was executed ${executions} times without a crash`];
  });
};

/** The whole database, brought into another one by export and import: it is sound, and the same. */
export const unportable = async (journal: Journal): Promise<readonly string[]> => {
  const faults = (await checkDatabase(journal)).map(({ what }) => `check finds: ${what}`);
  const other = await openJournal();
  try {
    const all = await journal.runs({}, { limit: Infinity });
    for (const { id, parent } of all) {
      if (parent !== undefined) continue;
      const nobody = { now: () => 0, expect: () => undefined, attend: () => undefined };
      await importRuns(other, exportedRun(journal, id, { withChildren: true }), nobody);
    }
    faults.push(...(await checkDatabase(other)).map(({ what }) => `check finds behind an import: ${what}`));
    for (const run of all) {
      const imported = await other.run(run.id);
      const same = imported && (await sameHistory(journal, run.id, other));
      if (!same) faults.push(`run ${run.id} is not the same behind an import`);
    }
  } finally {
    await other.close();
  }
  return faults;
};

const sameHistory = async (journal: Journal, id: string, other: Journal): Promise<boolean> => {
  const [one, two] = await Promise.all([journal, other].map((each) => told(each, id)));
  return isDeepStrictEqual(one, two);
};

/** Letters have numbers of the database that they are in. */
const told = async (journal: Journal, id: string): Promise<unknown> => {
  const record = await journal.run(id);
  if (!record) return undefined;
  const { run, events, signals } = await readHistory(journal, record);
  const { worker: _, updatedAt: __, ...kept } = run;
  return {
    run: kept,
    events: events.map((event) => (event.type === 'signal-received' ? { ...event, index: 0 } : event)),
    signals: signals.map(({ id: _, ...signal }) => signal),
  };
};
