/** The log and the store as they are deployed, for tests. */
import { env } from 'cloudflare:workers';
import { KvStore } from '../../worker/cache/stores/kv.ts';
import { sha256Hex } from '../../worker/engine/hex.ts';
import { DurableLog } from '../../worker/history/durable-log.ts';
import { FakeModel } from './fake-model.ts';
import { Visitor } from './visitor.ts';

export const log = new DurableLog(env.USERS);
export const store = new KvStore(env.STATES);

/** For `beforeAll`: the first object of all loads the Worker's own module, and onnxruntime with it. */
export const warmUp = [() => log.tail('warm-up'), 60_000] as const;

/** An isolate of the deployment. */
export function isolate(model = new FakeModel()): Visitor {
  return new Visitor({ model, log, store });
}

/** A user whom no other test knows. */
export function someone(): string {
  return `user-${crypto.randomUUID()}`;
}

/** Keys in Workers KV that belong to the user. */
export async function stateKeys(user: string): Promise<string[]> {
  const prefix = `state/${await sha256Hex(new TextEncoder().encode(user))}/`;
  return (await env.STATES.list({ prefix })).keys.map(({ name }) => name);
}
