import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { isTerminal } from '../../source/journal/status.js';
import type { RunEvent } from '../../source/journal/event.js';

const isEnd = ({ type }: RunEvent): boolean => type === 'run-completed' || type === 'run-failed';

/** What is wrong with the journals of a closed database: each is dense, its time never goes back, its end is its last event. */
export const faultsOf = async (url: string): Promise<readonly string[]> => {
  const journal = await openJournal({ url });
  const faults: string[] = [];
  for (const run of await journal.runs({}, { limit: 100_000 })) {
    const events = await journal.events(run.id, run.link, 0, 1_000_000);
    const fault = (what: string): void => void faults.push(`run ${run.id}: ${what}`);
    events.forEach((event, index) => {
      if (event.seq !== index) fault(`event ${index} has seq ${event.seq}`);
      if (event.at < (events[index - 1]?.at ?? 0)) fault(`time goes back at ${index}`);
      if (isEnd(event) && index < events.length - 1) fault(`${event.type} at ${index} is not the last event`);
    });
    if (events[0]?.type !== 'started') fault('it does not begin with its start');
    const last = events.at(-1);
    if (isTerminal(run.status) !== (last !== undefined && isEnd(last)))
      fault(`it is ${run.status} after ${last?.type}`);
    const recorded = events.filter((event) => event.type === 'activity-completed').map((event) => event.key);
    if (new Set(recorded).size < recorded.length) fault('an activity has two results');
  }
  await journal.close();
  return faults;
};
