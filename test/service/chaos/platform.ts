/**
 * What a deployment runs on, with faults: objects, Workers KV, a queue and its bucket. Alarms ring by the
 * clock that tests turn.
 */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import type { LiveBindings } from '../../../worker/assembly.ts';
import { archive, type Bucket } from '../../../worker/outbox/archive.ts';
import { Outbox } from '../../../worker/outbox/outbox.ts';
import type { OutboxRecord } from '../../../worker/outbox/record.ts';
import { type Faults, faultyBucket, faultyObjects, faultyQueue } from './faults.ts';
import { faultyKv } from './faulty-kv.ts';

/** Cloudflare calls an alarm that throws again, after longer and longer pauses. */
const ALARM_RETRY_MS = 2000;
const ALARM_RETRIES = 6;
/** Of one batch of the queue. */
const MOST_MESSAGES = 5;

type Objects = Pick<Env, 'USERS' | 'CATALOGUE' | 'COUNTS' | 'OUTCOMES'>;

interface Alarm {
  at: number;
  retries: number;
  ring(): Promise<void>;
}

export class Platform {
  readonly bindings: LiveBindings & Objects;
  readonly states: KVNamespace;
  readonly archive: Bucket;
  /** What `connect` has made of objects, by stub. An object that nobody calls for some seconds ends. */
  private readonly connected = new Map<string, object>();
  private readonly live: KVNamespace;
  private readonly queue: { send(message: OutboxRecord[]): Promise<void> };
  private readonly messages: OutboxRecord[][] = [];
  private readonly alarms = new Map<string, Alarm>();
  private readonly faults: Faults;
  private readonly world: string;

  /** `world`: names its objects, so that no other test's are meant. */
  constructor(world: string, faults: Faults) {
    this.world = world;
    this.faults = faults;
    this.states = faultyKv(faults, true);
    this.live = faultyKv(faults, false);
    this.queue = faultyQueue(this.messages, faults);
    this.archive = faultyBucket(new Map(), faults);
    this.bindings = {
      USERS: this.faulty('USERS'),
      CATALOGUE: this.faulty('CATALOGUE'),
      COUNTS: this.faulty('COUNTS'),
      OUTCOMES: this.faulty('OUTCOMES'),
      LIVE: this.live,
      VARIANTS: '',
    };
  }

  /** An object without faults. */
  object<Binding extends keyof Objects>(binding: Binding, name: string) {
    const own = binding === 'USERS' ? name : `${this.world} ${name}`;
    return env[binding].getByName(own) as ReturnType<Objects[Binding]['getByName']>;
  }

  private faulty<Binding extends keyof Objects>(binding: Binding): Objects[Binding] {
    const objects = {
      getByName: (name: string) => this.object(binding, name),
    } as unknown as Objects[Binding];
    const connect = (name: string) => this.connect(binding, name);
    return faultyObjects(objects as DurableObjectNamespace<never>, this.faults, connect) as Objects[Binding];
  }

  /** Makes the object of this name use what is here. `USERS`: also with an outbox. */
  private async connect(binding: keyof Objects, name: string): Promise<void> {
    const stub = this.object(binding, name) as DurableObjectStub<never>;
    const full = `${binding} ${name}`;
    await runInDurableObject(stub, (object: Rpc.DurableObjectBranded, { storage }) => {
      if (this.connected.get(full) === object) return;
      this.connected.set(full, object);
      const { env: bound } = object as unknown as { env: Env };
      Object.assign(object, { env: { ...bound, LIVE: this.live } });
      if (binding === 'USERS') Object.assign(object, { outbox: new Outbox(storage, this.queue, name) });
      this.takeAlarms(full, storage, async () => {
        await this.connect(binding, name);
        await runInDurableObject(stub, (it: Rpc.DurableObjectBranded & { alarm?(): Promise<void> }) =>
          it.alarm!(),
        );
      });
    });
  }

  /** Rings what is due, and lets the queue deliver. */
  async pass(): Promise<void> {
    const due = [...this.alarms].filter(([, { at }]) => at <= Date.now());
    for (const [name, alarm] of due) {
      this.alarms.delete(name);
      await alarm.ring().catch(() => {
        const retries = alarm.retries + 1;
        if (retries > ALARM_RETRIES || this.alarms.has(name)) return;
        this.alarms.set(name, { ...alarm, retries, at: Date.now() + ALARM_RETRY_MS * 2 ** retries });
      });
    }
    await this.deliver();
  }

  /** Whether something is still on its way out of the logs. */
  get isSending(): boolean {
    return this.messages.length > 0;
  }

  /** A batch, the messages in any order. What can't be archived comes again. */
  private async deliver(): Promise<void> {
    if (this.messages.length === 0) return;
    if (this.faults.of('delivery', ['queue_reordered'] as const)) this.messages.reverse();
    const batch = this.messages.splice(0, MOST_MESSAGES);
    await archive(this.archive, batch).catch(() => this.messages.push(...batch));
  }

  /** The object's alarms are kept here, as its own would ring by the machine's clock. */
  private takeAlarms(name: string, storage: DurableObjectStorage, ring: () => Promise<void>): void {
    const deleteAll = storage.deleteAll.bind(storage);
    Object.assign(storage, {
      getAlarm: async () => this.alarms.get(name)?.at ?? null,
      setAlarm: async (at: number) => void this.alarms.set(name, { at, retries: 0, ring }),
      deleteAlarm: async () => void this.alarms.delete(name),
      deleteAll: async () => {
        this.alarms.delete(name);
        await deleteAll();
      },
    });
  }
}
