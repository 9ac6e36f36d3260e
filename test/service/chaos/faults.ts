/** What goes wrong between the service and what it rests on, drawn from a seed. */
import { ModelUnavailable } from '../../../worker/engine/errors.ts';
import type { Bucket } from '../../../worker/outbox/archive.ts';
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

/** workerd ends objects that were not called for ten seconds. */
const STAYS_MS = 5000;

/**
 * Objects that are away, answer late or twice, or whose answer is lost when the work is done. `connect`
 * prepares an object that may be a new one.
 */
export function faultyObjects<Of extends Rpc.DurableObjectBranded>(
  objects: DurableObjectNamespace<Of>,
  faults: Faults,
  connect: (name: string) => Promise<void>,
): DurableObjectNamespace<Of> {
  const called = new Map<string, number>();
  const getByName = (name: string) =>
    new Proxy({} as Calls, {
      get(_, method: string) {
        if (method === 'then') return undefined;
        return async (...args: unknown[]) => {
          const call = () => (objects.getByName(name) as unknown as Calls)[method](...args);
          const kinds = ['object_away', 'object_answer_lost', 'object_late', 'object_called_twice'] as const;
          const fault = faults.of(`object ${name}`, kinds);
          if (fault === 'object_away') throw new Error('Network connection lost.');
          if (performance.now() - (called.get(name) ?? -Infinity) > STAYS_MS) await connect(name);
          called.set(name, performance.now());
          if (fault === 'object_late') await scheduler.wait(1);
          if (fault === 'object_called_twice') await call();
          const answer = await call();
          if (fault === 'object_answer_lost') throw new Error('Network connection lost.');
          return answer;
        };
      },
    });
  return { getByName } as unknown as DurableObjectNamespace<Of>;
}

/** A queue that is away, takes a message and fails, or takes it twice. */
export function faultyQueue<Message>(messages: Message[], faults: Faults) {
  return {
    async send(message: Message): Promise<void> {
      const fault = faults.of('queue', ['queue_away', 'queue_answer_lost', 'queue_twice'] as const);
      if (fault === 'queue_away') throw new Error('Queue send failed: 503');
      messages.push(structuredClone(message));
      if (fault === 'queue_twice') messages.push(structuredClone(message));
      if (fault === 'queue_answer_lost') throw new Error('Queue send failed: network connection lost');
    },
  };
}

/** A bucket that is away at times, also when it has taken what it was given. */
export function faultyBucket(objects: Map<string, string>, faults: Faults): Bucket {
  const check = () => {
    if (faults.of('bucket', ['bucket_away'] as const)) throw new Error('R2: 503 Service Unavailable');
  };
  return {
    async put(key: string, value: string) {
      check();
      objects.set(key, value);
      if (faults.of('bucket', ['bucket_answer_lost'] as const))
        throw new Error('R2: network connection lost');
    },
    async get(key: string) {
      check();
      const value = objects.get(key);
      return value === undefined ? null : { text: async () => value };
    },
    async list({ startAfter = '', limit = 1000 }: R2ListOptions) {
      check();
      const keys = [...objects.keys()].sort().filter((key) => key > startAfter);
      return { objects: keys.slice(0, limit).map((key) => ({ key })), truncated: keys.length > limit };
    },
  } as unknown as Bucket;
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
