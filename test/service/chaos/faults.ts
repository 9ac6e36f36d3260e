/** What goes wrong between the service and what it rests on, drawn from a seed. */
import { ModelUnavailable } from '../../../worker/engine/errors.ts';
import type { UserHistory } from '../../../worker/history/user-history.ts';
import { seededRandom } from '../../fixtures/random.ts';
import { FakeModel } from '../fake-model.ts';

/** Draws and counts faults. Each thing has random numbers of its own, so their order does not matter. */
export class Faults {
  readonly counts: Record<string, number> = {};
  private readonly draws = new Map<string, () => number>();
  private readonly seed: number;
  /** Nothing goes wrong while it is 0. */
  rate: number;

  constructor(seed: number, rate: number) {
    this.seed = seed;
    this.rate = rate;
  }

  /** One of these faults of the thing, or none. */
  of<K extends string>(thing: string, kinds: readonly K[]): K | undefined {
    const draw = this.draws.get(thing) ?? seededRandom(hash(`${this.seed} ${thing}`));
    this.draws.set(thing, draw);
    const [luck, which] = [draw(), draw()];
    if (luck >= this.rate) return undefined;
    const kind = kinds[Math.floor(which * kinds.length)];
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    return kind;
  }
}

function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (const char of text) sum = Math.imul(sum ^ char.codePointAt(0)!, 0x01000193);
  return sum >>> 0;
}

type Calls = Record<string, (...args: unknown[]) => Promise<unknown>>;

/** Objects that are away, answer late or twice, or whose answer is lost when the work is done. */
export function faultyObjects(objects: DurableObjectNamespace<UserHistory>, faults: Faults) {
  const getByName = (name: string) =>
    new Proxy({} as Calls, {
      get(_, method: string) {
        if (method === 'then') return undefined;
        return async (...args: unknown[]) => {
          const call = () => (objects.getByName(name) as unknown as Calls)[method](...args);
          const kinds = ['object_away', 'object_answer_lost', 'object_late', 'object_called_twice'] as const;
          const fault = faults.of(`object ${name}`, kinds);
          if (fault === 'object_away') throw new Error('Network connection lost.');
          if (fault === 'object_late') await scheduler.wait(1);
          if (fault === 'object_called_twice') await call();
          const answer = await call();
          if (fault === 'object_answer_lost') throw new Error('Network connection lost.');
          return answer;
        };
      },
    });
  return { getByName } as unknown as DurableObjectNamespace<UserHistory>;
}

/** A KV that fails, forgets, answers with what was, with a part, or with another key's value; writes late. */
export function faultyKv(kv: KVNamespace, faults: Faults): KVNamespace {
  const past = new Map<string, ArrayBuffer[]>();
  const late: (() => Promise<void>)[] = [];
  const away = () => new Error('KV: 503 Service Unavailable');
  return {
    async get(key: string) {
      const kinds = ['kv_away', 'kv_stale', 'kv_truncated', 'kv_other_value', 'kv_missing'] as const;
      const fault = faults.of(`kv ${key}`, kinds);
      const value = await kv.get(key, 'arrayBuffer');
      const old = past.get(key) ?? [];
      if (fault === 'kv_away') throw away();
      if (fault === 'kv_missing') return null;
      if (fault === 'kv_stale' && old.length > 0) return old[Math.floor(old.length / 2)].slice(0);
      if (fault === 'kv_truncated') return value?.slice(0, value.byteLength >> 1) ?? null;
      if (fault === 'kv_other_value') return ([...past.values()][0]?.at(-1) ?? value)?.slice(0) ?? null;
      return value;
    },
    async put(key: string, value: ArrayBuffer, options: KVNamespacePutOptions) {
      const fault = faults.of(`kv ${key}`, ['kv_away', 'kv_write_lost', 'kv_write_late'] as const);
      if (fault === 'kv_away') throw away();
      if (fault === 'kv_write_lost') return;
      past.set(key, [...(past.get(key) ?? []).slice(-5), value.slice(0)]);
      const write = () => kv.put(key, value, options);
      if (fault === 'kv_write_late') late.push(write);
      else await write();
      if (late.length > 3) await late.shift()!();
    },
    async delete(key: string) {
      if (faults.of(`kv ${key}`, ['kv_away'] as const)) throw away();
      await kv.delete(key);
    },
    async list(options: KVNamespaceListOptions) {
      const fault = faults.of(`kv ${options.prefix}`, ['kv_away', 'kv_listing_late'] as const);
      if (fault === 'kv_away') throw away();
      return fault ? { keys: [], list_complete: true, cacheStatus: null } : kv.list(options);
    },
  } as unknown as KVNamespace;
}

/** A model whose files can't always be read, and whose engine fails at times. */
export class FaultyModel extends FakeModel {
  readonly faults: Faults;

  constructor(faults: Faults, options: ConstructorParameters<typeof FakeModel>[0]) {
    super(options);
    this.faults = faults;
  }

  /** As the assets give it. */
  async load(): Promise<this> {
    const fault = this.faults.of('assets', ['asset_missing', 'asset_damaged'] as const);
    if (fault) throw new ModelUnavailable(fault, 'weights-0.bin');
    return this;
  }

  override async prefill(...args: Parameters<FakeModel['prefill']>) {
    if (this.faults.of(`engine ${args[0]}`, ['engine_failed'] as const)) {
      throw new ModelUnavailable('runtime_failed', 'out of memory');
    }
    return super.prefill(...args);
  }
}
