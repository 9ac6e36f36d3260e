/** `keys.json`: the secret `API_KEYS` as a file. It has no key itself, only what tells a right one. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type KeyRecord, parseKeys } from '../../worker/access/keys.ts';
import { UserError } from '../errors.ts';

/** https://developers.cloudflare.com/workers/platform/limits/#environment-variables */
const LARGEST_SECRET = 5 * 1024;

/** @throws {UserError} when it is not what this module wrote */
export function readKeys(path: string): KeyRecord[] {
  if (!existsSync(path)) return [];
  try {
    return parseKeys(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UserError(`${path}: ${(error as Error).message}`);
  }
}

/** Replaces the file. @throws {UserError} when there are more keys than fit a secret */
export function writeKeys(path: string, keys: KeyRecord[]): void {
  const text = JSON.stringify(keys);
  if (text.length > LARGEST_SECRET) {
    throw new UserError(`${path}: a secret holds ${LARGEST_SECRET} bytes, so revoke a key first`);
  }
  // Whole or not at all.
  const draft = `${path}.draft`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, path);
}
