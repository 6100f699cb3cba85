import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { EMPTY, expand, filter, type Observable } from 'rxjs';
import { activity, defineActivity, execute, Tempolite, workflow } from '../../source/index.js';
import { withFile } from '../files.js';
import { median, secondsOf, type Result } from '../result.js';

const count = defineActivity('count', {}, (n: number) => Promise.resolve(n + 1));
const steps = 200;
const sequential = workflow('sequential', (n$: Observable<number>) =>
  n$.pipe(
    expand((n) => (n < steps ? execute(count, n) : EMPTY)),
    filter((n) => n === steps),
  ),
);

const add = (n: number): Promise<number> => Promise.resolve(n + 1);
const five = workflow('five', (n$: Observable<number>) =>
  n$.pipe(activity('a', add), activity('b', add), activity('c', add), activity('d', add), activity('e', add)),
);

interface Measured {
  readonly seconds: number;
  readonly requests: number;
}

const latencies = [0, 1, 20];
const rounds = 3;

type Work = (tempolite: Tempolite) => Promise<unknown>;

/**
 * A server in a process of its own, over a file, each of whose answers takes so much longer. The work is done so often before it is
 * measured: machine code comes of that.
 */
const onServer = (latencyMs: number, work: Work, warmings: number): Promise<readonly Measured[]> =>
  withFile(async (path) => {
    const server = fork(fileURLToPath(new URL('../../spec/_support/programs/hrana.js', import.meta.url)), [
      path,
      JSON.stringify({ latencyMs }),
    ]);
    const [{ http: url }] = (await once(server, 'message')) as [{ http: string }];
    let requests = 0;
    const counted = (request: Request): Promise<Response> => {
      requests += 1;
      return fetch(request);
    };
    const tempolite = await Tempolite.open({ url, workflows: [sequential, five], fetch: counted, pollMinMs: 1000 });
    await (await tempolite.start(five, 0)).result();
    const measured: Measured[] = [];
    for (let round = -warmings; round < rounds; round += 1) {
      requests = 0;
      const seconds = await secondsOf(() => work(tempolite));
      if (round >= 0) measured.push({ seconds, requests });
    }
    await tempolite.close();
    server.disconnect();
    await once(server, 'exit');
    return measured;
  });

const one = async (tempolite: Tempolite): Promise<unknown> => (await tempolite.start(sequential, 0)).result();

const many =
  (runs: number, atOnce: number) =>
  async (tempolite: Tempolite): Promise<void> => {
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < runs) await (await tempolite.start(five, (next += 1))).result();
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  };

const rowsOf = async (
  id: string,
  what: string,
  count: number,
  latencyMs: number,
  work: Work,
  warmings: number,
): Promise<Result[]> => {
  const all = await onServer(latencyMs, work, warmings);
  const value = count / median(all.map(({ seconds }) => seconds));
  const trips = median(all.map(({ requests }) => requests)) / count;
  const where = `, server ${latencyMs} ms away`;
  return [
    { id: `${id}-${latencyMs}ms`, what: what + where, value, unit: 'steps/s' },
    { id: `${id}-${latencyMs}ms-trips`, what: `round trips per step${where}`, value: trips, unit: '1/step' },
  ];
};

/** W8: what W1 and W2 do on a server, near and far. */
export const w8 = async (): Promise<Result[]> => {
  const results: Result[] = [];
  for (const latencyMs of latencies) {
    results.push(
      ...(await rowsOf('W8-one', `${steps} sequential activities`, steps, latencyMs, one, 1)),
      ...(await rowsOf('W8-100', '1,000 runs of 5 activities, 100 at a time', 5000, latencyMs, many(1000, 100), 5)),
      ...(await rowsOf('W8-1000', '1,000 runs of 5 activities, all at once', 5000, latencyMs, many(1000, 1000), 9)),
    );
  }
  return results;
};
