import { asyncScheduler, defer, Observable, Subject } from 'rxjs';
import { EngineError } from '../errors.js';
import { currentRun, requireRun, type RunContext } from '../run/context.js';
import { ask } from '../operators/ask.js';
import { toSleep } from '../operators/sleep.js';
import { parseMarbles, tell, type MarbleMessage } from './marble-text.js';

/**
 * A source that begins when it is subscribed to, as `cold` of RxJS's `TestScheduler`. Each message is a durable timer, asked for at the
 * subscription, so that messages of one frame keep their places among other timers.
 */
export const coldSource = <V>(messages: readonly MarbleMessage[]): Observable<V> =>
  new Observable<V>((subscriber) => {
    requireRun('cold');
    for (const message of messages) {
      subscriber.add(
        asyncScheduler.schedule(() => {
          tell(subscriber, message);
        }, message.frame),
      );
    }
  });

/** The timers of hot sources have a name of their own: they are the test's, not the run's. */
const hotName = 'hot';
export const hotRow = `sleep:${hotName}`;

/** Sources that each run has from its start on, whether somebody listens or not, as `hot` of RxJS's `TestScheduler`. */
export class HotSources {
  readonly #all: {
    readonly messages: readonly MarbleMessage[];
    readonly subjects: WeakMap<RunContext, Subject<unknown>>;
  }[] = [];

  add<V>(marbles: string, values?: Readonly<Record<string, V>>, error?: unknown): Observable<V> {
    if (currentRun()) {
      throw new EngineError(
        'INVALID_ARGUMENT',
        `hot("${marbles}") was called within a pipeline, where its run has begun already. Call it in the body of the marble test ` +
          'and use what it returns in the pipeline',
      );
    }
    const subjects = new WeakMap<RunContext, Subject<unknown>>();
    const messages = parseMarbles(marbles, values, error).filter(({ frame }) => frame >= 0);
    this.#all.push({ messages, subjects });
    return defer(() => subjectOf(subjects, requireRun('hot')) as Subject<V>);
  }

  /** Called in a run's first turn, before its pipeline: as in `TestScheduler`, their messages come first in each frame. */
  begin(run: RunContext): void {
    for (const { messages, subjects } of this.#all) {
      const subject = subjectOf(subjects, run);
      for (const message of messages) {
        const { frame } = message;
        ask(run, 'hot', toSleep(hotName, run.clock + frame, `+${frame}`)).subscribe(() => {
          tell(subject, message);
        });
      }
    }
  }
}

const subjectOf = (subjects: WeakMap<RunContext, Subject<unknown>>, run: RunContext): Subject<unknown> => {
  const subject = subjects.get(run) ?? new Subject<unknown>();
  subjects.set(run, subject);
  return subject;
};
