import { crashScene } from '../../source/testing/crash-everywhere.js';
import { perform } from '../../source/testing/perform.js';
import type { Scene } from '../../source/testing/scene.js';
import { defaultCodec } from '../../source/values/codec.js';
import { decodeFailure } from '../../source/values/failure.js';
import type { RunEvent } from '../../source/journal/event.js';

/** What came of a scene of one run, times counted from its beginning. */
export interface Played {
  /** `12 "x"`, and `20 completed` or the like. */
  readonly shown: readonly string[];
  /** Each attempt in the outside world: `12 trip/a:10`, with `@2` for the second one, and when it was told to stop. */
  readonly done: readonly string[];
  readonly status: string | undefined;
  /** With what it failed, was cancelled or is blocked. */
  readonly error: unknown;
  readonly events: readonly RunEvent[];
}

/** Plays a scene, and once more with a crash at every append, a lost answer and so on: that must change nothing. */
export const played = async (scene: Scene): Promise<Played> => {
  const { start, histories, effects } = await perform(scene);
  await crashScene(scene, { pairs: 10 });
  const [history] = histories;
  const events = history?.events ?? [];
  const detail = history?.run.detail;
  return {
    shown: events.flatMap((event) => textOf(event, event.at - start)),
    done: effects.map(
      ({ activity, attempt, startedAt, cancelledAt }) =>
        `${startedAt - start} ${activity}${attempt > 1 ? `@${attempt}` : ''}` +
        (cancelledAt === undefined ? '' : `, stop at ${cancelledAt - start}`),
    ),
    status: history?.run.status,
    error: detail === undefined ? undefined : decodeFailure(detail),
    events,
  };
};

const textOf = (event: RunEvent, at: number): readonly string[] => {
  switch (event.type) {
    case 'output-emitted':
      return [`${at} ${JSON.stringify(defaultCodec.decode(event.payload))}`];
    case 'run-completed':
    case 'run-failed':
    case 'run-cancelled':
      return [`${at} ${event.type.slice('run-'.length)}`];
    default:
      return [];
  }
};
