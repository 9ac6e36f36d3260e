/** A Workers KV namespace in this process: as much of its protocol as workerd speaks for `get` and `put`. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class KvServer {
  readonly port: number;
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(): Promise<KvServer> {
    const values = new Map<string, Buffer>();
    const server = createServer(async (request, response) => {
      const key = new URL(request.url!, 'http://kv').pathname;
      if (request.method === 'PUT') values.set(key, await bodyOf(request));
      const value = values.get(key);
      response.writeHead(value ? 200 : 404).end(request.method === 'GET' ? value : undefined);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new KvServer(server);
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}
