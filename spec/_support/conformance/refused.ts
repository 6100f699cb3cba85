import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import {
  animationFrames,
  animationFrameScheduler,
  asapScheduler,
  bindCallback,
  bindNodeCallback,
  defer,
  delay,
  from,
  fromEvent,
  fromEventPattern,
  mergeMap,
  of,
  queueScheduler,
  type Observable,
} from 'rxjs';
import { fromFetch } from 'rxjs/fetch';

// Their types are those of a browser.
const require = createRequire(import.meta.url);
const { ajax } = require('rxjs/ajax') as { ajax: (config: object) => Observable<unknown> };
const { webSocket } = require('rxjs/webSocket') as { webSocket: (config: object) => Observable<unknown> };

/** What brings the outside world in, and really does so. `url` is of a server that answers. */
export type OutsideCase = (url: string) => Observable<unknown>;

const soon = (action: () => void): void => {
  setImmediate(action);
};

export const refused: Readonly<Record<string, OutsideCase>> = {
  ajax: (url) => ajax({ url, createXHR: () => new FakeRequest() }),
  animationFrames: () =>
    defer(() => {
      // A browser's, as a polyfill for Node has it.
      Object.assign(globalThis, { requestAnimationFrame: setImmediate, cancelAnimationFrame: clearImmediate });
      return animationFrames();
    }),
  bindCallback: () =>
    bindCallback((done: (value: string) => void) => {
      soon(() => {
        done('called back');
      });
    })(),
  bindNodeCallback: () =>
    bindNodeCallback((done: (error: unknown, value: string) => void) => {
      soon(() => {
        done(null, 'called back');
      });
    })(),
  'from(a promise of the outside world)': (url) => defer(() => from(fetch(url).then(({ status }) => status))),
  fromEvent: () => {
    const target = new EventTarget();
    soon(() => target.dispatchEvent(new Event('it')));
    return fromEvent(target, 'it').pipe(mergeMap(() => of('event')));
  },
  fromEventPattern: () =>
    fromEventPattern<string>((handler: (value: string) => void) => {
      soon(() => {
        handler('event');
      });
    }),
  fromFetch: (url) => fromFetch(url).pipe(mergeMap(({ status }) => of(status))),
  'a delay on animationFrameScheduler': () => of(1).pipe(delay(5, animationFrameScheduler)),
  'a delay on asapScheduler': () => of(1).pipe(delay(5, asapScheduler)),
  'a delay on queueScheduler': () => of(1).pipe(delay(5, queueScheduler)),
  webSocket: (url) => webSocket({ url: url.replace('http', 'ws'), WebSocketCtor: FakeSocket }),
};

/** Node 20 has no WebSocket: this one opens and gets a message as a real one does, in a macrotask of its own. */
class FakeSocket {
  onmessage: ((event: { readonly data: string }) => void) | undefined;
  onopen: (() => void) | undefined;

  constructor() {
    soon(() => {
      this.onopen?.();
      this.onmessage?.({ data: '"message"' });
    });
  }

  close(): void {
    this.onmessage = undefined;
  }
}

/** Node has no XMLHttpRequest either. */
class FakeRequest extends EventTarget {
  readonly readyState = 4;
  readonly status = 200;
  readonly response = {};
  readonly open = (): void => undefined;
  readonly abort = (): void => undefined;
  readonly setRequestHeader = (): void => undefined;
  readonly getAllResponseHeaders = (): string => '';

  send(): void {
    soon(() => this.dispatchEvent(new Event('load')));
  }
}

/** A server that answers everything; the answer closes it. */
export const serve = (): Promise<{ readonly url: string; readonly close: () => void }> =>
  new Promise((resolve) => {
    const server = createServer((_, response) => response.end('{}'));
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({
        url: `http://127.0.0.1:${port}/`,
        close: () => {
          server.closeAllConnections();
          server.close();
        },
      });
    });
  });

/** Exports of rxjs that neither make nor transform streams. */
export const notOperators: Readonly<Record<string, string>> = {
  animationFrame: 'the scheduler; a delay on it is refused',
  animationFrameScheduler: 'the scheduler; a delay on it is refused',
  ArgumentOutOfRangeError: 'an error class',
  asap: 'the scheduler; durable without a delay, refused with one',
  asapScheduler: 'the scheduler; deterministic without a delay, refused with one',
  async: 'the scheduler; durable',
  asyncScheduler: 'the scheduler; durable',
  config: 'settings of RxJS',
  ConnectableObservable: 'a class; what `publish` and `multicast` give',
  EmptyError: 'an error class',
  firstValueFrom: 'leaves RxJS: a promise; within a turn it is as deterministic as its source',
  identity: 'a function of values',
  isObservable: 'a function of values',
  lastValueFrom: 'leaves RxJS: a promise; within a turn it is as deterministic as its source',
  noop: 'a function of nothing',
  NotFoundError: 'an error class',
  Notification: 'a class of values',
  NotificationKind: 'an enumeration',
  ObjectUnsubscribedError: 'an error class',
  observable: 'the symbol of interoperability',
  Observable: 'the class itself; what a producer brings in from outside is refused when it arrives',
  pipe: 'a function of functions',
  queue: 'the scheduler; deterministic without a delay, refused with one',
  queueScheduler: 'the scheduler; deterministic without a delay, refused with one',
  Scheduler: 'a class for schedulers of one’s own',
  SequenceError: 'an error class',
  Subscriber: 'a class',
  Subscription: 'a class',
  TimeoutError: 'an error class',
  UnsubscriptionError: 'an error class',
  VirtualAction: 'of a scheduler for tests',
  VirtualTimeScheduler: 'a scheduler for tests',
};
