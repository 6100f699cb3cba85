import { dryReplay } from '../../source/engine/dry-replay.js';
import type { RunEvent } from '../../source/journal/event.js';
import type { RunHistory } from '../../source/journal/history.js';
import { isTerminal } from '../../source/journal/status.js';
import type { Effect } from '../../source/testing/index.js';
import type { Performance } from '../../source/testing/perform.js';
import { defaultCodec } from '../../source/index.js';
import { idempotencyKey } from '../../source/run/step-key.js';
import type { AnyWorkflow } from '../../source/run/workflow.js';
import type { Letter, Modelled, Work } from './model.js';
import { signalNames } from './program.js';
import { overAt } from './scenario.js';

/** A run that does something as shortly before the end is long, not stuck. */
const atWorkMs = 5000;

/** In the calm phase everything comes to its end, unless it waits for more signals than there are, or takes longer. */
export const unended = ({ histories, start }: Performance): readonly string[] =>
  histories.flatMap(({ run, events, signals }) => {
    if (run.status !== 'blocked' && (events.at(-1)?.at ?? 0) - start > overAt - atWorkMs) return [];
    const isSated = signalNames.every((name) => signals.some((signal) => signal.name === name));
    if (isTerminal(run.status) || (run.status !== 'blocked' && !isSated)) return [];
    return [`run ${run.id} is ${run.status} although all is calm: ${run.detail ?? ''}`];
  });

/** Today's code replays what it has just recorded, to the same end. */
export const unreplayable = async ({ run, events }: RunHistory, workflow: AnyWorkflow): Promise<readonly string[]> => {
  const { error } = await dryReplay(run, workflow, events);
  return error ? [`run ${run.id} cannot be replayed: ${error.message}`] : [];
};

/** Executions of a run whose cause is looked for. */
const mostLed = 40;

/** Journal, then act: what is committed when an activity starts asks for it. */
export const unled = async (
  { run, events }: RunHistory,
  workflow: AnyWorkflow,
  effects: readonly Effect[],
): Promise<readonly string[]> => {
  const faults: string[] = [];
  const asked = new Map<number, ReadonlySet<string>>();
  for (const effect of effects.filter(({ runId }) => runId === run.id).slice(0, mostLed)) {
    let keys = asked.get(effect.committed);
    if (!keys) {
      const { pending } = await dryReplay(run, workflow, events.slice(0, effect.committed));
      keys = new Set(pending.map(({ key, epoch }) => idempotencyKey(run.id, run.link, epoch, key)));
      asked.set(effect.committed, keys);
    }
    if (!keys.has(effect.idempotencyKey))
      faults.push(`${effect.idempotencyKey} was executed before what led to it was committed`);
  }
  return faults;
};

/** The signals that reached the pipeline: of each name the first ones, in order, each once. One that `lacks` some has the others in order. */
export const unordered = (
  received: readonly { readonly signal: number; readonly payload: string }[],
  lacks: boolean,
): readonly string[] =>
  signalNames.flatMap((name, signal) => {
    const payloads = received.filter((letter) => letter.signal === signal).map(({ payload }) => payload);
    const numbers = payloads.map((payload) => Number(payload.slice(name.length)));
    const expected = lacks
      ? [...new Set(numbers)].sort((a, b) => a - b).map((n) => `${name}${n}`)
      : payloads.map((_, n) => `${name}${n}`);
    return payloads.join() === expected.join() ? [] : [`signals were received as ${payloads.join()}`];
  });

/** Whether several things came at one instant: their order is ours to choose, and a model of RxJS may choose another. */
export const hasTies = (
  events: readonly RunEvent[],
  start: number,
  letters: readonly Letter[],
  { work }: Modelled,
): boolean => {
  const deliveries = events.filter((event) => ('key' in event && !isBookkeeping(event)) || event.type === 'started');
  const instants = deliveries.map(({ at }) => at - start);
  const others = new Set(deliveries.flatMap(({ type, at }) => (type === 'signal-received' ? [] : [at - start])));
  return (
    new Set(instants).size < instants.length - oneAfterTheOther(deliveries) ||
    // The loser of a tie leaves no record.
    letters.some(({ at }) => others.has(at)) ||
    work.some(({ startedAt, cancelledAt, ms }) => cancelledAt === startedAt + ms)
  );
};

/** A child writes its last output and its end in one commit, and they are heard in that order. */
const oneAfterTheOther = (deliveries: readonly RunEvent[]): number =>
  deliveries.filter(({ type, at }, n) => type === 'child-completed' && deliveries[n - 1]?.at === at).length;

/** What it starts and stops of its own accord is in the instant of what led to it. */
const isBookkeeping = ({ type }: RunEvent): boolean => type === 'child-started' || type === 'child-closed';

/** How a run differs from what RxJS alone makes of its program. */
export const unlike = (
  { run, events }: RunHistory,
  start: number,
  effects: readonly Effect[],
  modelled: Modelled,
): readonly string[] => {
  const shown = events.flatMap((event) => {
    if (event.type === 'output-emitted') return [`${event.at - start}: ${String(defaultCodec.decode(event.payload))}`];
    if (event.type === 'run-completed') return [`${event.at - start}: completed`];
    return event.type === 'run-failed' ? [`${event.at - start}: failed`] : [];
  });
  const done = effects
    .filter(({ runId }) => runId === run.id || runId.startsWith(`${run.id}/`))
    .map(({ input, startedAt, cancelledAt }) => ({
      name: (input as { name: string }).name,
      startedAt: startedAt - start,
      ...(cancelledAt === undefined ? {} : { cancelledAt: cancelledAt - start }),
    }));
  return [
    ...difference(`run ${run.id}`, shown, modelled.shown),
    ...difference(`the work of run ${run.id}`, workLines(done), workLines(modelled.work)),
  ];
};

/** What was cancelled in the very instant in which it was asked for may never have begun. */
const workLines = (work: readonly Omit<Work, 'ms'>[]): readonly string[] =>
  work
    .filter(({ startedAt, cancelledAt }) => cancelledAt !== startedAt)
    .map(
      ({ name, startedAt, cancelledAt }) =>
        `${name} from ${startedAt}${cancelledAt === undefined ? '' : `, cancelled at ${cancelledAt}`}`,
    )
    .sort();

const difference = (what: string, found: readonly string[], expected: readonly string[]): readonly string[] => {
  const place = Array.from({ length: Math.max(found.length, expected.length) }, (_, n) => n).find(
    (n) => found[n] !== expected[n],
  );
  return place === undefined
    ? []
    : [`${what} differs from plain RxJS: expected ${expected[place] ?? 'nothing'}, found ${found[place] ?? 'nothing'}`];
};
