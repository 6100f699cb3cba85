import type { RunRecord } from '../journal/run-record.js';
import { AfterEnd } from './after-end.js';
import { Children } from './children.js';
import { Deliveries } from './deliveries.js';
import { History } from './history.js';
import type { ExecutionHost } from './host.js';
import { RunInbox } from './inbox.js';
import type { LiveContext } from './live-context.js';
import { NextCommit } from './next-commit.js';
import type { Pages } from './pages.js';
import type { Batch } from './settle-batch.js';
import { StoredStatus } from './stored-status.js';
import type { WorkflowDefinition } from './workflow.js';

/** What an execution consists of, beside what its pipeline sees and the pages of its journal. */
export interface ExecutionParts {
  readonly stored: StoredStatus;
  readonly after: AfterEnd;
  readonly deliveries: Deliveries;
  readonly inbox: RunInbox;
  readonly next: NextCommit;
  readonly batch: Batch;
}

export const executionParts = (
  record: RunRecord,
  workflow: WorkflowDefinition<unknown, unknown>,
  host: ExecutionHost,
  run: LiveContext,
  pages: Pages,
): ExecutionParts => {
  const children = new Children(record.id, record.link, run.commands);
  const history = new History(run, children);
  const stored = new StoredStatus(record);
  const after = new AfterEnd(record, workflow, run, history);
  const deliveries = new Deliveries(run, history, { after, children, pages });
  const inbox = new RunInbox(record, run, children, after);
  const next = new NextCommit(record, host, run, { children, after, inbox, stored, pages });
  return { stored, after, deliveries, inbox, next, batch: { run, children, next } };
};
