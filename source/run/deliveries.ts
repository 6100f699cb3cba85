import { DeterminismError } from '../errors.js';
import type { RunEvent } from '../journal/event.js';
import type { AfterEnd } from './after-end.js';
import type { Children } from './children.js';
import type { Encounter, History } from './history.js';
import type { LiveContext } from './live-context.js';
import type { Pages } from './pages.js';
import type { Cut } from './rewinds.js';
import { mainScope } from './scope.js';

/** What the turn of an event does, live and on replay alike. */
export class Deliveries {
  readonly #run: LiveContext;
  readonly #history: History;
  readonly #after: AfterEnd;
  readonly #children: Children;
  readonly #pages: Pages;

  constructor(
    run: LiveContext,
    history: History,
    { after, children, pages }: { after: AfterEnd; children: Children; pages: Pages },
  ) {
    this.#run = run;
    this.#history = history;
    this.#after = after;
    this.#children = children;
    this.#pages = pages;
  }

  /** Answers with what blocks the run, if code and journal do not agree. */
  take(event: RunEvent): DeterminismError | undefined {
    const run = this.#run;
    run.scope = mainScope;
    const cut = this.#pages.cutAt(event, run);
    run.exposures.met(event.batch);
    if (event.type === 'child-closed' && this.#children.closed(event)) return undefined;
    if (event.type === 'run-forked') this.#disown();
    if (run.pipeline.end && !this.#isOfCancellation(event, cut))
      return this.#follow(cut ? this.#history.meetCut(event, cut) : this.#after.meet(event));
    run.seq = event.seq;
    const encounter = this.#meet(event, cut);
    if (encounter) return this.#follow(encounter);
    if (!cut) this.#decide(event);
    return undefined;
  }

  /** What was recorded while the run was paused may have ended it before it is cancelled. */
  #isOfCancellation({ type }: RunEvent, cut: Cut | undefined): boolean {
    return (type === 'run-resumed' || type === 'cancel-requested') && !cut && !this.#after.isRecorded;
  }

  #meet(event: RunEvent, cut: Cut | undefined): Encounter {
    if (cut) return this.#history.meetCut(event, cut);
    return this.#pages.isLenient(event) ? this.#history.meetLenient(event) : this.#history.meet(event, undefined);
  }

  #follow(encounter: Encounter): DeterminismError | undefined {
    if (encounter === undefined || encounter instanceof DeterminismError) return encounter;
    const { command, delivery, last } = encounter;
    this.#run.batch = delivery.batch;
    this.#run.deliver(command, delivery, last);
    return undefined;
  }

  /** The history was copied from another run: its children are not this one's, also where what was copied has ended the pipeline. */
  #disown(): void {
    this.#children.disown();
    this.#run.cancellations.forgetChildren();
  }

  /** What is about the run itself. */
  #decide(event: RunEvent): void {
    const run = this.#run;
    switch (event.type) {
      case 'started':
        run.clock = event.at;
        run.begin(event.payload);
        return;
      case 'cancel-requested':
        run.clock = Math.max(run.clock, event.at);
        run.batch = run.heldBatch ?? event.batch;
        run.cancelRun();
        return;
      case 'run-resumed':
        run.heldBatch = event.payload === 'cancel' ? event.batch : undefined;
        return;
      case 'run-terminated':
        run.pipeline.finish(event);
    }
  }
}
