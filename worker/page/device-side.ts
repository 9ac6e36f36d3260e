/** The model in this browser: nothing about the visitor leaves it. */
import type { Call, DeviceApi, Reply } from './device-api.ts';
import { type Film, type Interaction, LIST_LENGTH, type Side, type UserList } from './side.ts';
import { remember, visitor } from './visitor.ts';

const SCRIPT = '/device.js';

/** The visitor switched back before the answer came. */
export class Stopped extends Error {}

/** TypeScript's DOM does not know it: https://developer.mozilla.org/docs/Web/API/Trusted_Types_API */
declare const trustedTypes:
  | { createPolicy(name: string, rules: { createScriptURL(url: string): string }): TrustedPolicy }
  | undefined;
interface TrustedPolicy {
  createScriptURL(url: string): string;
}

/** The one address that may become a script; the Content-Security-Policy names this policy and no other. */
const policy: TrustedPolicy =
  typeof trustedTypes === 'undefined'
    ? { createScriptURL: () => SCRIPT }
    : trustedTypes.createPolicy('device', { createScriptURL: () => SCRIPT });

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class DeviceSide implements Side {
  readonly name = 'device';
  private readonly report: (loaded: number, total: number) => void;
  private readonly waiting = new Map<number, Waiting>();
  private worker: Worker | undefined;
  private calls = 0;

  constructor(report: (loaded: number, total: number) => void) {
    this.report = report;
  }

  /** Fetches the model; from the browser's own cache the second time. */
  async load(): Promise<void> {
    await this.call('load');
  }

  /** Gives the memory back. What was asked ends as `Stopped`. */
  stop(error: Error = new Stopped()): void {
    this.worker?.terminate();
    this.worker = undefined;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  async history(): Promise<Interaction[]> {
    const { log, own } = visitor();
    return [...log, ...own];
  }

  async list(): Promise<UserList> {
    return this.recommend(await this.history());
  }

  async add(seen: Interaction): Promise<UserList> {
    const list = await this.recommend([...(await this.history()), seen]);
    remember({ own: [...visitor().own, seen] });
    return list;
  }

  async find(query: string, limit: number): Promise<Film[]> {
    return (await this.call('find', query, limit)) as Film[];
  }

  async film(id: string): Promise<Film | undefined> {
    return (await this.call('film', id)) as Film | undefined;
  }

  async forget(): Promise<void> {
    await this.call('forget');
  }

  private async recommend(history: Interaction[]): Promise<UserList> {
    const ids = history.map(({ id }) => id);
    return (await this.call('recommend', visitor().epoch, ids, LIST_LENGTH)) as UserList;
  }

  private call<M extends keyof DeviceApi>(method: M, ...args: Parameters<DeviceApi[M]>): Promise<unknown> {
    this.worker ??= this.start();
    const call: Call<M> = { id: ++this.calls, method, args };
    this.worker.postMessage(call);
    return new Promise((resolve, reject) => this.waiting.set(call.id, { resolve, reject }));
  }

  private start(): Worker {
    const worker = new Worker(policy.createScriptURL(SCRIPT), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => this.receive(data));
    worker.addEventListener('error', ({ message }) =>
      this.stop(new Error(message || 'The model can’t be started in this browser')),
    );
    return worker;
  }

  private receive(reply: Reply): void {
    if ('loaded' in reply) {
      this.report(reply.loaded, reply.total);
      return;
    }
    const call = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ('error' in reply) call?.reject(new Error(reply.error));
    else call?.resolve(reply.result);
  }
}
