/** The service of one model in bare workerd, with its Durable Objects on disk and its KV in this process. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeModel } from '../models.ts';
import { round } from '../statistics.ts';
import { bundle, type Time, Workerd } from '../workerd.ts';
import type { GrowthCall } from './calls.ts';
import { KvServer } from './kv.ts';

/** A pause (`service.ts`), and a write that waits its second. */
const SETTLED_MS = 2500;

export interface Interaction {
  id: string;
}

/** What a script's bindings are called. */
export interface Bound {
  /** Class names of Durable Objects. */
  objects: Record<string, string>;
  namespaces: string[];
  vars: Record<string, string>;
  /** Rate limits by the names of their bindings. */
  limits?: Record<string, Limit>;
}

export interface Limit {
  limit: number;
  /** Seconds. */
  period: number;
}

/** Those of `service.ts`. */
const SERVICE: Bound = {
  objects: { USERS: 'UserHistory' },
  namespaces: ['STATES'],
  vars: { ACCESS: 'open', EXPOSE: '', STATE_STORE: 'kv', HISTORY_MOST_EVENTS: '', HISTORY_MOST_DAYS: '' },
};

export interface IsolateOptions {
  /** @default those of `service.ts` */
  bound?: Bound;
  /** What V8 may take for its heap. @default as much as it likes */
  heapMb?: number;
  /** Folder for what the service stores. @default the system's temporary one */
  place?: string;
}

export class Isolate {
  private readonly workerd: Workerd;
  private readonly kv: KvServer;
  private readonly folder: string;

  private constructor(workerd: Workerd, kv: KvServer, folder: string) {
    this.workerd = workerd;
    this.kv = kv;
    this.folder = folder;
  }

  static async start(
    script: string,
    model: string,
    { bound = SERVICE, heapMb, place = tmpdir() }: IsolateOptions = {},
  ): Promise<Isolate> {
    const folder = mkdtempSync(join(place, 'earn-edge-growth-'));
    const files = join(folder, 'model');
    placeModel(model, files);
    mkdirSync(join(folder, 'objects'));
    const kv = await KvServer.start();
    const text = (name: string, value: string) => `(name = "${name}", text = ${JSON.stringify(value)})`;
    const workerd = await Workerd.start(script, files, {
      services: [
        `(name = "kv", external = (address = "127.0.0.1:${kv.port}", http = ()))`,
        `(name = "objects", disk = (path = "${join(folder, 'objects')}", writable = true))`,
      ],
      bindings: [
        ...Object.entries(bound.objects).map(
          ([name, of]) => `(name = "${name}", durableObjectNamespace = "${of}")`,
        ),
        ...bound.namespaces.map((name) => `(name = "${name}", kvNamespace = "kv")`),
        '(name = "ASSETS", service = "models")',
        ...Object.entries(bound.vars).map(([name, value]) => text(name, value)),
        ...Object.entries(bound.limits ?? {}).map(limiterBinding),
      ],
      wrappers: { limiter: await bundle('limiter.ts') },
      worker: `
        durableObjectNamespaces = [${Object.values(bound.objects)
          .map((of) => `(className = "${of}", uniqueKey = "${of}", enableSql = true)`)
          .join(', ')}],
        durableObjectStorage = (localDisk = "objects"),`,
      heapMb,
    });
    const isolate = new Isolate(workerd, kv, folder);
    await isolate.request('/healthz');
    return isolate;
  }

  /** An answer of the service. @throws an Error for one that is none */
  async request(
    path: string,
    body?: unknown,
    { method = 'POST', isolate = '' } = {},
  ): Promise<{ body: string; time: Time }> {
    const headers = { 'Content-Type': 'application/json', 'X-Isolate': isolate };
    const init = body === undefined ? { headers } : { method, headers, body: JSON.stringify(body) };
    const answer = await this.workerd.request(path, init);
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.body}`);
    return answer;
  }

  async do(call: GrowthCall): Promise<{ result: unknown; time: Time }> {
    const { body, time } = await this.request('/bench', call);
    return { result: JSON.parse(body), time };
  }

  /** Stores what a user did; an answer's state is stored after it, so that is waited for as well. */
  async visit(user: string, ids: string[]): Promise<void> {
    await this.request(`/v1/users/${user}/recommendations`, { items: ids.map((id) => ({ id })) });
  }

  get url(): string {
    return this.workerd.url;
  }

  get pid(): number {
    return this.workerd.pid;
  }

  /** Waits until what requests left is written, and says what that took. */
  settled(): Promise<Time> {
    return this.workerd.later(SETTLED_MS);
  }

  /**
   * Megabytes of WASM, of JavaScript's heap and of the buffers behind its arrays, with what is garbage.
   */
  async seenMb(): Promise<number> {
    return megabytes((await this.wasmBytes()) + (await this.workerd.heapBytes()));
  }

  /** The same without garbage, and without what this bench keeps there. */
  async heldMb(): Promise<number> {
    await this.do({ do: 'prepare', histories: [], fresh: 0 });
    return megabytes((await this.wasmBytes()) + (await this.workerd.heldBytes()));
  }

  private async wasmBytes(): Promise<number> {
    return Number((await this.do({ do: 'memory' })).result);
  }

  async stop(): Promise<void> {
    await this.workerd.stop();
    this.kv.stop();
    rmSync(this.folder, { recursive: true });
  }
}

const megabytes = (bytes: number) => round(bytes / 1e6, 1);

/** https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/ */
function limiterBinding([name, values]: [string, Limit]): string {
  const inner = Object.entries(values).map(([key, value]) => `(name = "${key}", json = "${value}")`);
  return `(name = "${name}", wrapped = (moduleName = "bench:limiter", innerBindings = [${inner.join(', ')}]))`;
}
