export { crashEverywhere, CrashError, type CrashOptions, type CrashReport } from './crash-everywhere.js';
export { signalAt, type TimedSignal, type World } from './scene.js';
export { fails, takes, type Stub, type StubContext, type Stubs } from './stubs.js';
export type { Effect } from './outside-world.js';
export type { Fault } from './mortal-journal.js';
export { TestClock } from './test-clock.js';
