import { isDeepStrictEqual } from 'node:util';
import { checkDatabase } from '../../source/client/check.js';
import { exportedRun, importRuns } from '../../source/client/run-archive.js';
import { isEnd, type RunEvent } from '../../source/journal/event.js';
import { dryReplay } from '../../source/engine/dry-replay.js';
import { readHistory, type RunHistory } from '../../source/journal/history.js';
import type { Journal } from '../../source/journal/journal.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { cutsOf, isCut } from '../../source/run/rewinds.js';
import { idempotencyKey, nameOfStepKey } from '../../source/run/step-key.js';
import type { AnyWorkflow } from '../../source/run/workflow.js';
import type { Effect } from '../../source/testing/index.js';
import type { Performance } from '../../source/testing/perform.js';
import { failureText } from '../../source/testing/shown.js';
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

/**
 * A fork, and its source that was rewound to the same place at the same time, go on alike: neither has anything of what came after. Unless
 * time or signals play a part in it: the fork has the clock of that place, and none of the signals.
 */
export const unlikeTwin = ({ histories, effects }: Performance, { copies }: Notes): readonly string[] =>
  copies.flatMap(({ id, from, at, prefix, isTwin }) => {
    const [fork, source] = [id, from].map((each) => histories.find(({ run }) => run.id === each));
    if (!isTwin || !prefix || !fork || !source) return [];
    const back = source.events.find(
      ({ type, seq, ...event }) =>
        type === 'run-rewound' && seq > prefix.length && 'index' in event && event.index === prefix.length - 1,
    );
    const found = fork.events.slice(prefix.length + 1);
    if (!back) return [`run ${from} has not gone back to ${prefix.length - 1}`];
    const expected = source.events.slice(back.seq + 1);
    // What had been cancelled is over when it would have been over then.
    const isRepeated = effects.some(({ runId, executions }) => runId.split('/')[0] === from && executions > 1);
    if (isRepeated || [...found, ...expected].some(isOfItsOwn)) return [];
    const undone = undoneInDropped(source, back.seq, found);
    const textsOf = (events: readonly RunEvent[]): readonly string[] =>
      events.flatMap((event) => (isOfSagas(event, undone) ? [] : textOf(event, at, undone.length > 0)));
    const [one, two] = [
      [...textsOf(expected), ...outputsOf(source)],
      [...textsOf(found), ...outputsOf(fork)],
    ];
    return isDeepStrictEqual(one, two)
      ? []
      : [`run ${id} does not go on as run ${from} does behind its rewind: ${JSON.stringify([one, two])}`];
  });

/** What depends on the clock or on signals, and what was asked of a run later. */
const isOfItsOwn = ({ type }: RunEvent): boolean =>
  /^(timer-fired|signal-received|run-(retried|rewound|paused|resumed|cancelled|terminated)|cancel-requested)$/.test(
    type,
  );

/**
 * Sagas that the last turn which counts has begun to undo, by name: a rewind has dropped the record of that and begins them anew, while a fork goes
 * on undoing them. What they wait for and how that fails is their own, and so is the instant of the end, which waits for them.
 */
const undoneInDropped = (
  { run }: RunHistory,
  back: number,
  [next, ...behind]: readonly RunEvent[],
): readonly string[] => {
  const renewed = run.rewinds?.find(({ seq }) => seq === back)?.sagas.map(({ key }) => key) ?? [];
  const first = next ? [next, ...behind.filter(({ batch }) => batch === next.batch)] : [];
  return first.flatMap((event) =>
    event.type === 'saga-compensated' && renewed.includes(event.payload) ? [nameOfStepKey(event.payload)] : [],
  );
};

const isOfSagas = (event: RunEvent, names: readonly string[]): boolean =>
  names.some((name) =>
    event.type === 'saga-compensated'
      ? nameOfStepKey(event.payload) === name
      : 'key' in event && ['step', 'compensation'].some((kind) => event.key.startsWith(`${kind}:${name}/`)),
  );

/** All but its place, and what becomes of the children that came before: a fork has none of them. A fork chooses in the instant of its place. */
const textOf = (event: RunEvent, since: number, endsLater: boolean): readonly string[] => {
  if (event.type === 'output-emitted' || event.type === 'child-closed') return [];
  const key = 'key' in event ? ` ${event.key}` : '';
  const payload = 'payload' in event ? ` ${failureText(event.payload)}` : '';
  const at = endsLater && isEnd(event) ? 'some time' : Math.max(event.at, since);
  return [`${at}: ${event.type}${key}${payload}`];
};

/** What was emitted in all: a turn that counts may have emitted something that a rewind has dropped, which is not written again. */
const outputsOf = ({ events }: RunHistory): readonly string[] => [
  ...new Map(
    events.flatMap((event) => (event.type === 'output-emitted' ? [[event.index, event.payload] as const] : [])),
  ).values(),
];

/** Children of which something was recorded in what a rewind drops come to nothing more: their parent has others. */
export const unclosed = ({ histories }: Performance): readonly string[] =>
  histories.flatMap(({ run: { id }, events }) =>
    events.flatMap((back) => {
      if (back.type !== 'run-rewound') return [];
      const dropped = events.filter(({ seq }) => seq > back.index && seq < back.seq);
      const keys = new Set(dropped.flatMap((event) => ('key' in event ? [event.key] : [])));
      const left = histories.filter(
        ({ run: { parent, createdAt } }) => parent?.runId === id && keys.has(parent.key) && createdAt < back.at,
      );
      return left.flatMap(({ run, events: own }) => {
        const isAtWork = own.some(
          ({ type, at }) => at > back.at && (type === 'output-emitted' || type === 'run-completed'),
        );
        return isAtWork && !run.rewinds ? [`run ${run.id} goes on although its parent has gone back behind it`] : [];
      });
    }),
  );

/** What was asked for in what a rewind drops has another identity than what is asked for behind it; a compensation has that of its step. */
export const confused = async (
  { run, events }: RunHistory,
  workflow: AnyWorkflow,
  effects: readonly Effect[],
): Promise<readonly string[]> => {
  const faults: string[] = [];
  for (const back of events) {
    if (back.type !== 'run-rewound') continue;
    const { pending } = await dryReplay(run, workflow, events.slice(0, back.index + 1));
    const stays = new Set(pending.map(({ key, epoch }) => idempotencyKey(run.id, run.link, epoch, key)));
    const dropped = events.slice(back.index + 1, back.seq).flatMap((event) => {
      if (!('key' in event) || event.key.startsWith('compensation:')) return [];
      const key = idempotencyKey(run.id, run.link, event.epoch, event.key);
      return stays.has(key) ? [] : [key];
    });
    const again = effects.filter((effect) => effect.committed > back.seq && dropped.includes(effect.idempotencyKey));
    faults.push(...again.map((effect) => `${effect.idempotencyKey} was executed behind a rewind that has dropped it`));
  }
  return faults;
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
