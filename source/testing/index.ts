// whole tests
export { workflowMarbles, type MarbleAssertions, type MarbleBody, type MarbleOptions } from './workflow-marbles.js';
export type {
  Expect,
  HistoryExpectation,
  MarbleHelpers,
  MarbleSubject,
  OutputExpectation,
  StateExpectation,
} from './marble-helpers.js';
export { crashEverywhere, CrashError, type CrashOptions, type CrashReport } from './crash-everywhere.js';
export { replayHistories, type ReplayedRun, type ReplayReport } from './replay-histories.js';

export { TestEngine, type CrashOfEngine, type TestEngineOptions } from './test-engine.js';
export type { PendingCommand, TestRun } from './test-run.js';

// their parts
export { TestClock } from './test-clock.js';
export { requestAt, signalAt, type TimedRequest, type TimedSignal, type World } from './scene.js';
export { fails, takes, type Stub, type StubContext, type Stubs } from './stubs.js';
export type { Effect } from './outside-world.js';
export type { Fault } from './mortal-journal.js';
export { historyMarbles } from './history-marbles.js';
