/**
 * The life of a run, as a table of legal transitions.
 *
 * ```
 * pending ──► running ◄──► waiting
 *                │  ▲         │
 *                ▼  │         ▼
 *             blocked / paused        every state on the left may also end:
 *                                     completed · failed · cancelled · terminated
 * ```
 *
 * `continued` is the end of a link, never of a run. A run that has failed goes on when it is retried or rewound, one that has completed
 * when it is rewound.
 */
export const statuses = [
  'pending', // created, nothing executed yet
  'running', // has work to do
  'waiting', // has nothing to do before a signal, a timer or a child
  'paused',
  'blocked', // the code no longer fits the journal; `detail` has the difference
  'completed',
  'failed',
  'cancelled',
  'terminated',
  'continued',
] as const;

export type RunStatus = (typeof statuses)[number];

export type TerminalStatus = 'completed' | 'failed' | 'cancelled' | 'terminated' | 'continued';

const ends: readonly TerminalStatus[] = ['completed', 'failed', 'cancelled', 'terminated', 'continued'];

const transitions: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  pending: ['running', 'waiting', 'paused', 'blocked', ...ends],
  running: ['waiting', 'paused', 'blocked', ...ends],
  waiting: ['running', 'paused', 'blocked', ...ends],
  paused: ['pending', 'running', 'waiting', 'blocked', ...ends],
  blocked: ['running', 'waiting', 'paused', ...ends],
  completed: ['running'],
  failed: ['running', 'waiting'],
  cancelled: [],
  terminated: [],
  continued: [],
};

export const isTerminal = (status: RunStatus): status is TerminalStatus => ends.some((end) => end === status);

/** Whether a run goes on by itself, now or when something comes in. A blocked one is made a running one first. */
export const isOpen = (status: RunStatus): boolean =>
  status === 'pending' || status === 'running' || status === 'waiting';

/** Whether a run may go from one status to the other. Staying where it is is always legal. */
export const mayBecome = (from: RunStatus, to: RunStatus): boolean => from === to || transitions[from].includes(to);
