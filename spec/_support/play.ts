import type { RunEvent } from '../../source/journal/event.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { isTerminal, type SignalDefinition, type WorkflowDefinition, type WorkerOptions } from '../../source/index.js';
import { Tempolite } from '../../source/client/tempolite.js';
import { TestClock } from '../../source/testing/index.js';
import { crashingJournal } from './crashing-journal.js';
import { World } from './world.js';

/** A workflow with the world around it: what arrives when, in ms after the start. */
export interface Play<I, O> {
  readonly workflow: (world: World) => WorkflowDefinition<I, O>;
  readonly input: I;
  readonly signals?: readonly {
    readonly at: number;
    readonly signal: SignalDefinition<never>;
    readonly payload: unknown;
  }[];
  /** The play is over at this instant even if the run waits on. */
  readonly until?: number;
}

export interface Outcome {
  readonly events: readonly RunEvent[];
  /** Outputs with the clock times at which they were emitted, relative to the start, and how it ended. */
  readonly shown: readonly string[];
  readonly crashes: number;
  readonly orders: ReadonlyMap<string, number>;
}

export interface PlayOptions {
  /** The process dies after so many events; the next one after so many more; the last lives. */
  readonly crashAfter?: readonly number[];
  readonly reorder?: (events: readonly RunEvent[]) => readonly RunEvent[];
  readonly worker?: WorkerOptions;
}

const runId = 'run';
/** Virtual steps of one play: beyond it something spins. */
const mostSteps = 20_000;

/** Plays a workflow to its end in virtual time, with a crash wherever one is asked for. */
export const play = async <I, O>(it: Play<I, O>, options: PlayOptions = {}): Promise<Outcome> => {
  const database = await openJournal();
  const clock = new TestClock();
  const world = new World(clock);
  const start = clock.now();
  const workflow = it.workflow(world);
  const crashes = [...(options.crashAfter ?? [])];
  const signals = [...(it.signals ?? [])];
  const state = { crashed: false };
  let count = 0;

  const open = async (): Promise<Tempolite> => {
    state.crashed = false;
    const journal = crashingJournal(
      database,
      crashes.shift() ?? Infinity,
      () => {
        state.crashed = true;
        count += 1;
        tempolite?.worker.crash();
      },
      options.reorder,
    );
    return Tempolite.over(journal, { workflows: [workflow], clock, ...options.worker });
  };

  let tempolite: Tempolite | undefined;
  tempolite = await open();
  void tempolite.start(workflow, it.input, { id: runId }).catch(() => undefined);

  const isOver = async (): Promise<boolean> => {
    const record = await database.run(runId);
    return record !== undefined && (isTerminal(record.status) || record.status === 'blocked');
  };

  for (let step = 0; step < mostSteps; step += 1) {
    await clock.settle();
    if (state.crashed) {
      await database.release();
      tempolite = await open();
      continue;
    }
    if (await isOver()) break;
    const letter = signals[0];
    if (letter && start + letter.at <= clock.now()) {
      signals.shift();
      const key = `letter ${signals.length}`;
      await database.signal({
        runId,
        name: letter.signal.name,
        payload: letter.signal.codec.encode(letter.payload as never),
        at: clock.now(),
        idempotencyKey: key,
      });
      continue;
    }
    const next = Math.min(clock.next ?? Infinity, letter ? start + letter.at : Infinity);
    if (next > start + (it.until ?? Infinity) || next === Infinity) break;
    await clock.advanceTo(next);
  }

  const events = await database.events(runId, 0, 0, 100_000);
  const record = await database.run(runId);
  const shown = events.flatMap((event) => {
    if (event.type === 'output-emitted') return [`${event.at - start}: ${event.payload}`];
    if (event.type === 'run-failed') return [`${event.at - start}: failed ${messageOf(event.payload)}`];
    return event.type === 'run-completed' ? [`${event.at - start}: completed`] : [];
  });
  tempolite.worker.crash();
  await database.close();
  return {
    events,
    shown: [...shown, `status ${record?.status === 'running' ? 'waiting' : (record?.status ?? 'none')}`],
    crashes: count,
    orders: world.orders,
  };
};

const messageOf = (payload: string): string => {
  const value: unknown = JSON.parse(payload);
  return JSON.stringify(value).replace(/"stack":"(?:[^"\\]|\\.)*"/g, '"stack"');
};
