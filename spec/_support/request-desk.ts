import type { ExecutionContext } from 'ava';
import type { Observable } from 'rxjs';
import { Registry } from '../../source/engine/registry.js';
import { settle } from '../../source/engine/options.js';
import { Requests, type RequestsHost } from '../../source/engine/requests.js';
import { workflow } from '../../source/index.js';
import type { RunEvent } from '../../source/journal/event.js';
import type { Journal, RunCommit } from '../../source/journal/journal.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import type { NewRun, RunRecord } from '../../source/journal/run-record.js';
import { statuses, type RunStatus } from '../../source/journal/status.js';
import { altered } from './altered.js';
import { listening, type Ear } from './listening.js';
import { newRun, own } from './journals.js';

export const now = 100;
const order = workflow('order', (n$: Observable<number>) => n$);

export interface Desk {
  readonly journal: Journal;
  readonly requests: Requests;
  /** The runs that were to be brought to memory. */
  readonly activated: readonly string[];
  readonly ear: Ear;
  /** Writes a request down, whatever the run is. */
  readonly ask: (name: string, payload?: string) => Promise<number>;
  /** What the run has written since its start, what it is, and what is unread. */
  readonly outcome: () => Promise<{
    readonly events: readonly string[];
    readonly run: RunRecord | undefined;
    readonly unread: readonly string[];
  }>;
}

export interface Setting {
  readonly known?: boolean;
  readonly host?: Partial<RequestsHost>;
  readonly journal?: (journal: Journal) => Partial<Journal>;
}

/** Who sees to the requests of runs, with nothing of an engine around. */
export const deskOf = async (
  t: ExecutionContext,
  { known = true, host, journal: changes }: Setting = {},
): Promise<Desk> => {
  const journal = await openJournal({ url: ':memory:' });
  t.teardown(() => journal.close());
  await own(journal);
  const activated: string[] = [];
  const ear = listening();
  const requests = new Requests(
    altered(journal, changes?.(journal) ?? {}),
    new Registry(known ? [order] : []),
    settle({ commitRetryMs: 0, logger: ear.logger }),
    {
      isOpen: true,
      residents: new Map(),
      now: () => now,
      activate: (runId) => Promise.resolve(activated.push(runId)),
      loaded: () => Promise.resolve(),
      commit: (commit) => journal.commit(commit),
      ...host,
    },
  );
  return {
    journal,
    requests,
    activated,
    ear,
    ask: async (name, payload = '{}') => {
      const { id } = await journal.request({ runId: 'run', name, payload, at: 1 }, statuses);
      return id ?? -1;
    },
    outcome: async () => ({
      events: (await journal.events('run', 0, 1, 10)).map(({ type }) => type),
      run: await journal.run('run'),
      unread: (await journal.inbox('run')).letters.map(({ name }) => name),
    }),
  };
};

/** The run becomes what it is to be, and has events behind its start. */
export const put = async (
  { journal }: Desk,
  status: RunStatus,
  more: Partial<NonNullable<RunCommit['status']>> & {
    readonly run?: Partial<NewRun>;
    readonly events?: RunEvent[];
  } = {},
): Promise<void> => {
  const { run, events = [], ...rest } = more;
  await journal.start(newRun('run', run));
  if (status === 'pending') return;
  await journal.commit({ runId: 'run', link: 0, events, status: { status, at: 5, ...rest } });
};

/** The first event of a run that was paused. */
export const paused: RunEvent = { type: 'run-paused', seq: 1, batch: 1, epoch: 0, at: 5 };
