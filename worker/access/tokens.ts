/**
 * Tokens for a shop's browsers: JWTs (RFC 7519) that the shop's server signs. One names one user by `sub`,
 * and its key by `kid`.
 */
import { decode, verify } from 'hono/jwt';
import { type KeyRecord, principalOf, type SigningKey } from './keys.ts';
import { owns, type Principal } from './principal.ts';

/** A token lives in browsers, where it can be stolen, and can't be revoked alone. */
export const LONGEST_LIFE_SECONDS = 60 * 60;

/** The only algorithm: a token can't choose another one. */
export const ALGORITHM = 'ES256';

/** The `kid` of a token's header; undefined for what is no token. */
export function kidOf(token: string): string | undefined {
  try {
    return decode(token).header.kid;
  } catch {
    return undefined;
  }
}

/** The user for whom the token was signed with this key. Null for a token that is wrong or has expired. */
export async function holderOf(token: string, key: SigningKey, now: number): Promise<Principal | null> {
  const { sub, exp } = await verify(token, key.publicKey, ALGORITHM).catch(() => ({ sub: null, exp: 0 }));
  if (typeof sub !== 'string' || typeof exp !== 'number') return null;
  if (exp - now / 1000 > LONGEST_LIFE_SECONDS) return null;
  const signer = principalOf(key);
  return owns(signer, sub) ? { ...signer, users: { only: sub } } : null;
}

export function isSigningKey(key: KeyRecord): key is SigningKey {
  return 'publicKey' in key;
}
