import test from 'ava';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import type { ActivityContext } from '../../source/run/activity.js';
import { idempotencyKey } from '../../source/run/step-key.js';
import type { EventBody } from '../../source/journal/event.js';
import { OutsideWorld } from '../../source/testing/outside-world.js';
import { TestClock } from '../../source/testing/test-clock.js';
import { announcer } from '../_support/altered.js';

const of = (name: string): { readonly key: string; readonly digest: string } => ({
  key: `activity:${name}#0`,
  digest: '',
});
const history: readonly EventBody[] = [
  { type: 'started', payload: '1' },
  { type: 'activity-completed', ...of('a'), payload: '2' },
  { type: 'activity-completed', ...of('b'), payload: '3' },
];

test('of a run that goes back, only what it drops may be executed again', async (t) => {
  const database = await openJournal();
  t.teardown(() => database.close());
  const { journal, tell } = announcer(database);
  const world = new OutsideWorld(new TestClock(), {}, journal);
  const execute = world.newLife()('job', () => 'done');
  const isExecuted = (name: string): void => {
    const key = idempotencyKey('run', 0, 0, of(name).key);
    const context = { runId: 'run', idempotencyKey: key, attempt: 1, signal: new AbortController().signal };
    execute(1, context as unknown as ActivityContext);
  };
  const back: EventBody = { type: 'run-rewound', index: 1 };
  const events = [...history, back].map((body, seq) => ({
    position: seq,
    runId: 'run',
    link: 0,
    event: { seq, batch: seq, epoch: 0, at: seq, ...body },
  }));

  tell({ type: 'events', events });
  isExecuted('b');
  t.deepEqual(world.violations, []);
  isExecuted('a');

  t.deepEqual(world.violations, ['run/0/activity:a#0@1 was executed although its end had been committed']);
  t.deepEqual(
    world.effects.map(({ dropped }) => dropped),
    [1, 0],
  );
});
