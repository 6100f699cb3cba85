import type { WebSocket } from 'ws';
import type { Connections } from './connections.js';
import type { Fault, Faults } from './faults.js';
import { outcomeOf } from './over-http.js';
import type { SocketMessage, SocketRequest } from './protocol.js';
import { pause, type Settings } from './settings.js';
import { SqlStream } from './sql-stream.js';

/** One client of the subprotocol `hrana2`: its streams share the SQL texts that it has stored. */
export class OverWebSocket {
  readonly #socket: WebSocket;
  readonly #connections: Connections;
  readonly #faults: Faults;
  readonly #settings: Settings;
  readonly #texts = new Map<number, string>();
  readonly #streams = new Map<number, SqlStream>();
  /** Requests of one stream are executed one after the other. */
  readonly #order = new Map<number, Promise<void>>();
  #greeted = false;
  #heldBack: (() => void) | undefined;

  constructor(socket: WebSocket, connections: Connections, faults: Faults, settings: Settings) {
    this.#socket = socket;
    this.#connections = connections;
    this.#faults = faults;
    this.#settings = settings;
    socket.on('message', (data: Buffer) => {
      void this.#hear(JSON.parse(data.toString('utf8')) as SocketMessage);
    });
    socket.on('close', () => {
      for (const stream of this.#streams.values()) stream.drop();
      this.#streams.clear();
    });
  }

  async #hear(message: SocketMessage): Promise<void> {
    await pause(this.#settings.latencyMs / 2);
    if (message.type === 'hello') {
      this.#greet(message.jwt);
      return;
    }
    if (!this.#greeted) return;
    const { request, request_id: id } = message;
    const streamId = request.stream_id ?? -1;
    const before = this.#order.get(streamId) ?? Promise.resolve();
    // The SQL texts are stored at once: whoever uses one comes after it.
    const done = streamId < 0 ? this.#serve(id, request) : before.then(() => this.#serve(id, request));
    this.#order.set(streamId, done);
    await done;
  }

  #greet(jwt: string | null): void {
    const { token } = this.#settings;
    this.#greeted = token === undefined || jwt === token;
    if (this.#greeted) {
      this.#say({ type: 'hello_ok' });
      return;
    }
    const error = { message: 'the authentication token is none, or another', code: 'AUTH_JWT_INVALID' };
    this.#say({ type: 'hello_error', error });
    this.#socket.close();
  }

  async #serve(id: number, request: SocketRequest): Promise<void> {
    const fault = isOfStreams(request) ? undefined : this.#faults.of([request], (text) => this.#texts.get(text));
    if (fault?.do === 'execute-late') await this.#faults.hold();
    if (fault && 'when' in fault && (await this.#refusedEarly(id, fault, request))) return;
    const answer = await this.#answerTo(id, request, fault);
    if (fault?.do === 'hang') return;
    if (fault?.do === 'cut') {
      this.#socket.terminate();
      return;
    }
    if (fault?.do === 'answer-late') await pause(fault.ms);
    void pause(this.#settings.latencyMs / 2).then(() => {
      this.#tell(answer, request, fault);
    });
  }

  #tell(answer: unknown, request: SocketRequest, fault: Fault | undefined): void {
    if (fault?.do === 'reorder') {
      this.#heldBack = () => {
        this.#say(answer);
      };
      return;
    }
    if (fault?.do === 'garble') this.#socket.send('{"type":');
    else this.#say(answer);
    if (request.type !== 'execute' && request.type !== 'batch') return;
    this.#heldBack?.();
    this.#heldBack = undefined;
  }

  async #refusedEarly(id: number, fault: Fault & { readonly when: string }, request: SocketRequest): Promise<boolean> {
    if (fault.when === 'after' && fault.do === 'fail') {
      await this.#answerTo(id, request, fault);
      this.#say({ type: 'response_error', request_id: id, error: unavailable });
      return true;
    }
    if (fault.when === 'during' && request.type === 'batch') {
      const stream = this.#streamOf(request.stream_id);
      await stream.half(request.batch.steps);
      stream.drop();
      this.#socket.terminate();
      return true;
    }
    if (fault.when === 'after') return false;
    if (fault.do === 'cut') this.#socket.terminate();
    if (fault.do === 'fail') this.#say({ type: 'response_error', request_id: id, error: unavailable });
    return true;
  }

  async #answerTo(id: number, request: SocketRequest, fault: Fault | undefined): Promise<unknown> {
    if (request.type === 'open_stream') {
      this.#streams.set(request.stream_id, new SqlStream(this.#connections, this.#settings, this.#texts));
      return { type: 'response_ok', request_id: id, response: { type: 'open_stream' } };
    }
    if (request.type === 'close_stream') {
      this.#streams.get(request.stream_id)?.drop();
      this.#streams.delete(request.stream_id);
      this.#order.delete(request.stream_id);
      return { type: 'response_ok', request_id: id, response: { type: 'close_stream' } };
    }
    if (request.type === 'store_sql') {
      this.#texts.set(request.sql_id, request.sql);
      return { type: 'response_ok', request_id: id, response: { type: 'store_sql' } };
    }
    if (request.type === 'close_sql') {
      this.#texts.delete(request.sql_id);
      return { type: 'response_ok', request_id: id, response: { type: 'close_sql' } };
    }
    const stream = this.#streamOf(request.stream_id);
    const outcome = await outcomeOf(stream, request, fault);
    if (this.#socket.readyState !== this.#socket.OPEN) stream.drop();
    return outcome.type === 'ok'
      ? { type: 'response_ok', request_id: id, response: outcome.response }
      : { type: 'response_error', request_id: id, error: outcome.error };
  }

  #streamOf(id: number | undefined): SqlStream {
    // What was asked before the client left is executed all the same.
    return this.#streams.get(id ?? -1) ?? new SqlStream(this.#connections, this.#settings, this.#texts);
  }

  #say(message: unknown): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

const isOfStreams = (
  request: SocketRequest,
): request is Extract<SocketRequest, { type: 'open_stream' | 'close_stream' }> =>
  request.type === 'open_stream' || request.type === 'close_stream';

const unavailable = { message: 'the server is not available', code: 'INTERNAL' };
