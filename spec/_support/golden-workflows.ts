import { from, map, mergeMap, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, sleep, workflow, type AnyWorkflow } from '../../source/index.js';

/**
 * The workflows of the golden files of both schemas. The releases that wrote those were given this very text: their runs only go on by it,
 * so it stays as it is.
 */

/** Values that JSON has no word for, and names beyond ASCII. */
export interface Order {
  readonly customer: string;
  readonly due: Date;
  readonly cents: bigint;
  readonly lines: readonly string[];
  readonly sizes: ReadonlyMap<string, number>;
  readonly note: undefined;
  readonly ratio: number;
}

export const order: Order = {
  customer: 'Ærøskøbing ☃ 😀',
  due: new Date('2030-02-01T12:00:00.000Z'),
  cents: 12_345_678_901_234_567_890n,
  lines: ['tea', 'cup and saucer'],
  sizes: new Map([['cup', 8.5]]),
  note: undefined,
  ratio: -0,
};

export const approval = defineSignal<string>('approval');
export const amendment = defineSignal<{ readonly until: Date }>('amendment');

/** What activities do in the world is told to `did`. */
export const workflowsOfBoth = (did: (what: string) => void) => {
  const ordering = workflow('ordering', (order$: Observable<Order>) =>
    order$.pipe(
      mergeMap(({ lines, due }) => from(lines.map((line) => ({ line, due })))),
      activity('price', ({ line, due }: { readonly line: string; readonly due: Date }) => {
        did(`price ${line}`);
        return { line, due, cents: BigInt(line.length) * 10_000_000_000_000_000n };
      }),
    ),
  );

  /** Each attempt that fails tells its idempotency key, and so does the one that succeeds. */
  const calling = workflow('calling', (name$: Observable<string>) =>
    name$.pipe(
      activity(
        'call',
        (name: string, { attempt, idempotencyKey }) => {
          did(`call ${name} ${attempt}`);
          if (attempt < 3) throw new Error(`busy: ${idempotencyKey}`);
          return idempotencyKey;
        },
        { retry: { maxAttempts: 5, initialInterval: '1 minute', jitter: 0 } },
      ),
    ),
  );

  const refusing = workflow('refusing', (name$: Observable<string>) =>
    name$.pipe(
      activity(
        'refuse',
        (name: string): string => {
          throw new RangeError(`no ${name} here`);
        },
        { retry: { maxAttempts: 2, jitter: 0 } },
      ),
    ),
  );

  const approving = workflow('approving', (what$: Observable<string>) =>
    what$.pipe(
      activity('prepare', (what: string) => {
        did(`prepare ${what}`);
        return what.toUpperCase();
      }),
      awaitSignal(approval, (who, what) => `${what} approved by ${who}`),
      activity('file', (text: string) => {
        did(`file ${text}`);
        return text;
      }),
    ),
  );

  /** Hears of the amendment only when it is approved: until then it stays in the mailbox. */
  const amending = workflow('amending', (what$: Observable<string>) =>
    what$.pipe(
      awaitSignal(approval, (who, what) => `${what} for ${who}`),
      awaitSignal(amendment, ({ until }, text) => `${text} until ${until.toISOString()}`),
    ),
  );

  const reminding = workflow('reminding', (whom$: Observable<string>) =>
    whom$.pipe(
      sleep('a week', '1 week'),
      activity('remind', (whom: string) => {
        did(`remind ${whom}`);
        return whom;
      }),
      map((whom) => `reminded ${whom}`),
    ),
  );

  const all: readonly AnyWorkflow[] = [ordering, calling, refusing, approving, amending, reminding];
  return { ordering, calling, refusing, approving, amending, reminding, all };
};
