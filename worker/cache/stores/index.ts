/** Every place where states can be kept, by the name that `STATE_STORE` in wrangler.toml gives it. */
import type { StateStore } from '../state-store.ts';
import { KvStore } from './kv.ts';
import { MemoryStore } from './memory.ts';
import { R2Store } from './r2.ts';

export const STORES = {
  kv: ({ STATES }) => new KvStore(STATES),
  memory: () => new MemoryStore(),
  r2: ({ STATES_BUCKET }: Env & { STATES_BUCKET?: R2Bucket }) => new R2Store(STATES_BUCKET),
} satisfies Record<string, (env: Env) => StateStore>;

/** The deployment's store. Throws RangeError for a name that is none. */
export function openStore(env: Env): StateStore {
  const open = Object.entries(STORES).find(([name]) => name === env.STATE_STORE)?.[1];
  if (open) return open(env);
  throw new RangeError(`STATE_STORE is "${env.STATE_STORE}"; there are ${Object.keys(STORES).join(', ')}`);
}
