import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Observable } from 'rxjs';
import { activity, transaction, workflow } from '../../source/index.js';

/** Short, so that one who is gone is missed soon. */
export const leaseMs = 500;

export const ordersToStart = ['a', 'b', 'c', 'd'];

/** Orders whose outside world is a file, which gets a line for each attempt: its idempotency key. */
export const ordersIn = (world: string) => {
  const effect = (name: string) =>
    activity(name, (id: string, { idempotencyKey }) => {
      appendFileSync(world, `${idempotencyKey}\n`);
      return Promise.resolve(`${id} ${name}`);
    });
  const order = workflow('order', (id$: Observable<string>) =>
    id$.pipe(
      effect('charged'),
      transaction(
        'book',
        (id) => ({ sql: 'INSERT INTO bookings (title) VALUES (?)', args: [id] }),
        (_, id) => id,
      ),
      effect('shipped'),
    ),
  );
  const attempts = (): readonly string[] =>
    existsSync(world) ? readFileSync(world, 'utf8').split('\n').filter(Boolean) : [];
  return { order, attempts };
};
