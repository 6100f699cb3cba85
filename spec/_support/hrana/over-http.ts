import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connections } from './connections.js';
import type { Fault, Faults } from './faults.js';
import { hranaError } from './native.js';
import type { Outcome, Pipeline, StreamRequest } from './protocol.js';
import { pause, type Settings } from './settings.js';
import { SqlStream } from './sql-stream.js';

interface Parked {
  readonly stream: SqlStream;
  readonly expiry: NodeJS.Timeout;
}

/** `POST /v2/pipeline`. A stream lives from request to request by its baton. */
export class OverHttp {
  readonly #connections: Connections;
  readonly #faults: Faults;
  readonly #settings: Settings;
  readonly #parked = new Map<string, Parked>();
  readonly #expired = new Set<string>();

  constructor(connections: Connections, faults: Faults, settings: Settings) {
    this.#connections = connections;
    this.#faults = faults;
    this.#settings = settings;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET' && request.url === '/v2') {
      say(response, 200, '');
      return;
    }
    if (request.method !== 'POST' || request.url !== '/v2/pipeline') {
      say(response, 404, 'there is no such page');
      return;
    }
    const { token } = this.#settings;
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      say(response, 401, { error: 'Unauthorized: the authentication token is none, or another' });
      return;
    }
    const pipeline = await bodyOf(request);
    await pause(this.#settings.latencyMs / 2);
    const fault = this.#faults.of(pipeline.requests, (id) => storedIn(pipeline, id));
    if (await this.#refusedBefore(fault, pipeline, request, response)) return;
    const stream = this.#streamOf(pipeline.baton ?? undefined);
    if (stream === 'unknown') {
      say(response, 400, 'Received an invalid baton');
      return;
    }
    if (stream === 'expired') {
      say(response, 400, { message: 'The stream has expired due to inactivity', code: 'STREAM_EXPIRED' });
      return;
    }
    if (fault?.do === 'cut' && fault.when === 'during') {
      for (const each of pipeline.requests) if (each.type === 'batch') await stream.half(each.batch.steps);
      stream.drop();
      request.socket.destroy();
      return;
    }
    const results: Outcome[] = [];
    for (const each of pipeline.requests) results.push(await outcomeOf(stream, each, fault));
    const isOver = pipeline.requests.some(({ type }) => type === 'close');
    const baton = isOver ? null : this.#park(stream);
    if (fault?.do === 'answer-late') await pause(fault.ms);
    if (fault?.do === 'hang') return;
    if (fault?.do === 'cut') {
      request.socket.destroy();
      return;
    }
    await pause(this.#settings.latencyMs / 2);
    if (fault?.do === 'fail') {
      say(response, 502, 'Bad gateway');
      return;
    }
    if (fault?.do === 'garble') {
      say(response, 200, '{"baton":');
      return;
    }
    say(response, 200, { baton, base_url: null, results });
  }

  close(): void {
    for (const { stream, expiry } of this.#parked.values()) {
      clearTimeout(expiry);
      stream.drop();
    }
    this.#parked.clear();
  }

  async #refusedBefore(
    fault: Fault | undefined,
    { baton }: Pipeline,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<boolean> {
    if (fault?.do === 'execute-late') await this.#faults.hold();
    if (!fault || !('when' in fault) || fault.when !== 'before') return false;
    if (fault.do === 'fail') say(response, 502, 'Bad gateway');
    if (fault.do === 'cut') request.socket.destroy();
    const stream = baton === null || baton === undefined ? undefined : this.#streamOf(baton);
    if (typeof stream === 'object') stream.drop();
    return true;
  }

  #streamOf(baton: string | undefined): SqlStream | 'unknown' | 'expired' {
    if (baton === undefined) return new SqlStream(this.#connections, this.#settings);
    if (this.#expired.has(baton)) return 'expired';
    const parked = this.#parked.get(baton);
    if (!parked) return 'unknown';
    this.#parked.delete(baton);
    clearTimeout(parked.expiry);
    return parked.stream;
  }

  #park(stream: SqlStream): string {
    const baton = randomUUID();
    const expiry = setTimeout(() => {
      this.#parked.delete(baton);
      this.#expired.add(baton);
      stream.drop();
    }, this.#settings.streamIdleMs);
    this.#parked.set(baton, { stream, expiry });
    return baton;
  }
}

/** The answer to one request, or the error that it is answered with. */
export const outcomeOf = async (
  stream: SqlStream,
  request: StreamRequest,
  fault: Fault | undefined,
): Promise<Outcome> => {
  try {
    if (fault?.do === 'busy' && request.type === 'batch') return lockedBatch(request.batch.steps.length);
    if (fault?.do === 'busy' && request.type === 'execute') return { type: 'error', error: locked };
    return { type: 'ok', response: await stream.answer(request) };
  } catch (error) {
    const { message, code } = hranaError(error);
    return { type: 'error', error: { message, code } };
  }
};

const locked = { message: 'SQLite error: database is locked', code: 'SQLITE_BUSY' };

/** BEGIN met the lock, and so nothing that follows was executed. */
const lockedBatch = (steps: number): Outcome => ({
  type: 'ok',
  response: {
    type: 'batch',
    result: {
      step_results: Array<null>(steps).fill(null),
      step_errors: Array.from({ length: steps }, (_, step) => (step === 0 ? locked : null)),
    },
  },
});

/** A text that the very pipeline stores. */
const storedIn = ({ requests }: Pipeline, id: number): string | undefined =>
  requests.map((each) => (each.type === 'store_sql' && each.sql_id === id ? each.sql : undefined)).find(Boolean);

const bodyOf = async (request: IncomingMessage): Promise<Pipeline> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Pipeline;
};

const say = (response: ServerResponse, status: number, body: unknown): void => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' });
  response.end(text);
};
