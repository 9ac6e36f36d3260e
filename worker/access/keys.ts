/**
 * The keys of a deployment: the secret `API_KEYS`, a JSON array that `npm run keys` writes. Whoever reads it
 * can't act with it: it has hashes of bearer keys, and the public halves of the keys that sign tokens.
 */
import * as z from 'zod';
import { sha256Hex } from '../engine/hex.ts';
import { DEFAULT_TENANT, type Principal, SCOPES } from './principal.ts';

/** Also says how a key is told from a signed token; secret scanners find leaked keys by it. */
export const KEY_PREFIX = 'earn_';

/** A tenant's name is part of stored names, so it has no NUL. */
export const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;

const common = {
  /** Public: it stands in the key, in tokens and in logs. */
  id: z.string().regex(/^[a-z0-9]{1,32}$/),
  /** For people. */
  name: z.string().optional(),
  tenant: z.string().regex(TENANT).default(DEFAULT_TENANT),
  scopes: z.array(z.enum(SCOPES)).min(1),
  /** What the ids of the users begin with whom the key may name. */
  users: z.string().default(''),
  /** The key is refused from then on. */
  expires: z.iso.datetime().optional(),
};

/** A key that a server sends. Keys are random, so one round of SHA-256 is enough. */
const bearerKey = z.strictObject({ ...common, hash: z.string().regex(/^[0-9a-f]{64}$/) });

/** A key with which a shop's server signs tokens for browsers (ECDSA on P-256). */
const signingKey = z.strictObject({
  ...common,
  publicKey: z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() }),
});

export type BearerKey = z.infer<typeof bearerKey>;
export type SigningKey = z.infer<typeof signingKey>;
export type KeyRecord = BearerKey | SigningKey;

const records = z.array(z.union([bearerKey, signingKey]));

/** Throws RangeError for anything but the file that `npm run keys` writes. */
export function parseKeys(text: string): KeyRecord[] {
  const { data, error } = records.safeParse(parseJson(text));
  if (error) {
    const [{ path, message }] = error.issues;
    throw new RangeError(`API_KEYS: ${path.join('.') || 'the file'}: ${message}`);
  }
  const ids = new Set(data.map(({ id }) => id));
  if (ids.size < data.length) throw new RangeError('API_KEYS: two keys have the same id');
  return data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RangeError('API_KEYS is not JSON');
  }
}

/** Whether the key may still be used. */
export function isValid({ expires }: KeyRecord, now: number): boolean {
  return expires === undefined || now < Date.parse(expires);
}

/** What the key's holder may do. */
export function principalOf({ id, tenant, scopes, users }: KeyRecord): Principal {
  return { tenant, key: id, may: scopes, users: { prefix: users } };
}

/** The id in a key, `earn_<id>_<secret>`. */
export function idOf(key: string): string {
  return key.slice(KEY_PREFIX.length).split('_', 1)[0];
}

export function hashOf(key: string): Promise<string> {
  return sha256Hex(new TextEncoder().encode(key));
}
