import { readFile } from 'node:fs/promises';
import { isRight } from 'fp-ts/lib/Either.js';
import { concatMap, from, map, mergeMap, reduce, type Observable } from 'rxjs';
import type * as t from 'io-ts';
import {
  activity,
  defineActivity,
  execute,
  workflow,
  type ActivityContext,
  type WorkflowDefinition,
} from '../../source/index.js';
import { Film } from './film.js';
import type { Tables } from './tables.js';

/** Records that are worked on at once. */
export const inFlight = 40;

/** One enrichment in this many fails, chosen by the record and the attempt: the same on every machine. */
const failsOneIn = 9;

interface Found {
  readonly row: number;
  readonly film: t.TypeOf<typeof Film>;
}

interface Fault {
  readonly row: number;
  readonly path: string;
  readonly reason: string;
}

export interface Sums {
  readonly stored: number;
  readonly rejected: number;
}

/** The outside world: a rating service that is slow and sometimes down. */
const fetchScore = async (title: string, row: number, attempt: number): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 1 + ((row * 7) % 5)));
  if ((row * 31 + attempt * 17) % failsOneIn === 0) throw new Error(`the rating service is down (film ${row})`);
  return Array.from(title).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 101, 7);
};

/** One workflow over all records of a file: validate, enrich, store; what does not fit goes to the dead letters, with the path. */
export const ingestOf = (tables: Tables): WorkflowDefinition<string, Sums> => {
  const retry = { maxAttempts: 8, initialInterval: 5, maxInterval: 40 };
  const count = ({ idempotencyKey, attempt }: ActivityContext): void => {
    tables.execution(`${idempotencyKey} attempt ${attempt}`);
  };

  const enrich = defineActivity('enrich', { retry }, async ({ row, film }: Found, context) => {
    count(context);
    return { row, film, score: await fetchScore(film.Title, row, context.attempt) };
  });

  const store = defineActivity('store', { retry }, ({ row, film, score }: Found & { score: number }, context) => {
    count(context);
    tables.film(row, film.Title, film['Release Date'], film['Worldwide Gross'], score);
    return 'stored' as const;
  });

  const reject = defineActivity('reject', { retry }, ({ row, path, reason }: Fault, context) => {
    count(context);
    tables.deadLetter(row, path, reason);
    return 'rejected' as const;
  });

  return workflow('ingest', (path$: Observable<string>) =>
    path$.pipe(
      activity('read', async (path: string) => JSON.parse(await readFile(path, 'utf8')) as unknown[]),
      concatMap((records) => from(records).pipe(map((record, row) => ({ row, checked: Film.decode(record) })))),
      mergeMap(({ row, checked }): Observable<keyof Sums> => {
        if (!isRight(checked)) return execute(reject, faultOf(row, checked.left));
        return execute(enrich, { row, film: checked.right }).pipe(concatMap((enriched) => execute(store, enriched)));
      }, inFlight),
      reduce<keyof Sums, Sums>((sums, end) => ({ ...sums, [end]: sums[end] + 1 }), { stored: 0, rejected: 0 }),
    ),
  );
};

/** The first fault names the place; it stands for the record. */
const faultOf = (row: number, [fault]: t.Errors): Fault => {
  const path =
    fault?.context
      .map(({ key }) => key)
      .filter((key) => key !== '')
      .join('.') ?? '';
  const expected = fault?.context.at(-1)?.type.name ?? 'a film';
  return {
    row,
    path,
    reason:
      fault?.message ??
      `expected ${expected}, found ${fault?.value === undefined ? 'nothing' : JSON.stringify(fault.value)}`,
  };
};
