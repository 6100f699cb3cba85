import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { Connections } from './connections.js';
import { Faults } from './faults.js';
import { OverHttp } from './over-http.js';
import { OverWebSocket } from './over-web-socket.js';
import { defaults, type Settings } from './settings.js';

export interface HranaServer {
  readonly http: string;
  readonly ws: string;
  readonly faults: Faults;
  readonly close: () => Promise<void>;
}

/**
 * A database server like sqld, for the specs: Hrana 2 over HTTP and web sockets, on 127.0.0.1, over a real file. Each stream has a native
 * connection for as long as it lives. What is to go wrong is told to `faults`.
 */
export const startHrana = async (path: string, options: Partial<Settings> = {}): Promise<HranaServer> => {
  const settings = { ...defaults, ...options };
  const connections = new Connections(path);
  const faults = new Faults();
  const overHttp = new OverHttp(connections, faults, settings);
  const server = createServer((request, response) => {
    // A client that has gone away is none of the server's errors.
    overHttp.serve(request, response).catch(() => request.socket.destroy());
  });
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => offered.has('hrana2') && 'hrana2',
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    sockets.handleUpgrade(request, socket, head, (client) => {
      new OverWebSocket(client, connections, faults, settings);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    http: `http://127.0.0.1:${port}`,
    ws: `ws://127.0.0.1:${port}`,
    faults,
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      overHttp.close();
      connections.close();
    },
  };
};
