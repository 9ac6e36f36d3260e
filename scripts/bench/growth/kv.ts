/** A Workers KV namespace in this process: as much of its protocol as workerd speaks for `get` and `put`. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export class KvServer {
  readonly port: number;
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(): Promise<KvServer> {
    const values = new Map<string, Buffer>();
    const server = createServer((request, response) => {
      const key = new URL(request.url!, 'http://kv').pathname;
      const answer = () => {
        const value = values.get(key);
        response.writeHead(value ? 200 : 404).end(request.method === 'GET' ? value : undefined);
      };
      if (request.method !== 'PUT') return answer();
      // workerd may end while it writes.
      const stored = buffer(request).then((body) => values.set(key, body));
      stored.then(answer, () => response.destroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new KvServer(server);
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
