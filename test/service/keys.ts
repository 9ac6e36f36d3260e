/** Keys and tokens, and services that take them. */
import { sign } from 'hono/jwt';
import { Access, type AccessSettings } from '../../worker/access/access.ts';
import { hashOf } from '../../worker/access/keys.ts';
import type { Scope } from '../../worker/access/principal.ts';

export interface KeyOptions {
  tenant?: string;
  scopes?: Scope[];
  users?: string;
  expires?: string;
}

/** A key, `earn_<id>_…`, and what the service knows of it. */
export async function keyOf(id: string, options: KeyOptions = {}) {
  const key = `earn_${id}_${crypto.randomUUID()}`;
  return { key, record: { id, scopes: ['read', 'write'], ...options, hash: await hashOf(key) } };
}

/** A pair that signs tokens. */
export async function signingKeyOf(id: string, options: KeyOptions = {}) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const pair = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
  const { kty, crv, x, y } = (await crypto.subtle.exportKey('jwk', pair.publicKey)) as JsonWebKey;
  const privateKey = {
    ...((await crypto.subtle.exportKey('jwk', pair.privateKey)) as JsonWebKey),
    kid: id,
    alg: 'ES256',
  };
  return {
    record: { id, scopes: ['read', 'write'], ...options, publicKey: { kty, crv, x, y } },
    token: (claims: object) => sign({ ...claims }, privateKey, 'ES256'),
  };
}

/** Seconds since 1970, some minutes from now. */
export const minutesFromNow = (minutes: number) => Math.floor(Date.now() / 1000) + 60 * minutes;

/** A deployment with these keys. */
export function locked(records: object[], settings: Partial<AccessSettings> = {}): Access {
  return new Access({ ACCESS: 'keys', EXPOSE: '', API_KEYS: JSON.stringify(records), ...settings });
}

export const bearing = (credentials: string) => ({ Authorization: `Bearer ${credentials}` });
