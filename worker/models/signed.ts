/** Models that someone vouches for: `npm run sign` signs a manifest, and with it every file that it names. */
import { ModelUnavailable } from '../engine/errors.ts';
import type { AssetSource } from './files.ts';
import { MANIFEST_FILE } from './manifest.ts';

/** The Ed25519 signature of the manifest's bytes, 64 bytes. */
export const SIGNATURE_FILE = 'manifest.sig';

/** Algorithm of WebCrypto. */
export const ED25519 = { name: 'Ed25519' };

/**
 * The same files, whose manifest is only read when this key (32 bytes in base64url) has signed it. Without a
 * key every manifest is.
 */
export function signed(source: AssetSource, publicKey: string | undefined): AssetSource {
  if (!publicKey) return source;
  return {
    async read(path) {
      const bytes = await source.read(path);
      if (path !== MANIFEST_FILE || bytes === null) return bytes;
      const signature = await source.read(SIGNATURE_FILE).catch(() => null);
      if (signature && (await isSigned(bytes, signature, publicKey))) return bytes;
      throw new ModelUnavailable('signature_wrong', `${MANIFEST_FILE} is not signed by the deployment's key`);
    },
  };
}

async function isSigned(bytes: BufferSource, signature: BufferSource, x: string): Promise<boolean> {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x };
  const key = await crypto.subtle.importKey('jwk', jwk, ED25519, false, ['verify']);
  return crypto.subtle.verify(ED25519, key, signature, bytes);
}
