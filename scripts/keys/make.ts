/** New keys. What is printed once is random, and what is kept does not lead back to it. */
import { hashOf, KEY_PREFIX, type KeyRecord, parseKeys } from '../../worker/access/keys.ts';
import type { Scope } from '../../worker/access/principal.ts';
import { UserError } from '../errors.ts';

export interface Wanted {
  name: string | undefined;
  tenant: string;
  scopes: Scope[];
  /** Prefix of the users' ids. */
  users: string | undefined;
  /** After which the key is refused. */
  days: number | undefined;
}

export interface Made {
  record: KeyRecord;
  /** What its holder keeps to himself: a bearer key, or a private JWK. */
  secret: string;
}

/** A key that a server sends. */
export async function makeKey(wanted: Wanted): Promise<Made> {
  const id = randomId();
  const secret = `${KEY_PREFIX}${id}_${base64url(crypto.getRandomValues(new Uint8Array(32)))}`;
  return { record: checked({ ...common(id, wanted), hash: await hashOf(secret) }), secret };
}

/** A key pair with which a server signs its visitors' tokens. */
export async function makeSigningKey(wanted: Wanted): Promise<Made> {
  const id = randomId();
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const { privateKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const jwk = await crypto.subtle.exportKey('jwk', privateKey);
  const { kty, crv, x, y } = jwk;
  const secret = JSON.stringify({ kid: id, alg: 'ES256', ...jwk });
  return { record: checked({ ...common(id, wanted), publicKey: { kty, crv, x, y } }), secret };
}

function common(id: string, { name, tenant, scopes, users, days }: Wanted) {
  const expires = days && new Date(Date.now() + days * 24 * 60 * 60 * 1000).toISOString();
  return { id, ...(name && { name }), tenant, scopes, ...(users && { users }), ...(expires && { expires }) };
}

/** @throws {UserError} for what the service would refuse, such as a tenant with a blank in its name */
function checked(record: object): KeyRecord {
  try {
    return parseKeys(JSON.stringify([record]))[0];
  } catch (error) {
    throw new UserError((error as Error).message);
  }
}

const randomId = () => Buffer.from(crypto.getRandomValues(new Uint8Array(4))).toString('hex');

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
