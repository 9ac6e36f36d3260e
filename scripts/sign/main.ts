/** `npm run sign`: vouches for a model folder. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST_FILE } from '../../worker/models/manifest.ts';
import { ED25519, SIGNATURE_FILE } from '../../worker/models/signed.ts';
import { defineCommand, runCommand } from '../command.ts';
import { UserError } from '../errors.ts';
import { folderSource } from '../node-model.ts';
import { verifyModel } from '../verified-model.ts';

export const command = defineCommand({
  usage: `npm run sign -- --model DIR --key FILE [--new]

Signs a model folder (Ed25519), after checking every file against the manifest. A deployment whose variable
MODEL_KEY has the public key loads no other model. --new makes the private key FILE first. The last line
printed is a JSON object with the public key.`,
  options: {
    model: { type: 'folder', holds: MANIFEST_FILE, required: true, description: 'the model' },
    key: { type: 'string', value: 'FILE', required: true, description: 'the private key, a JWK' },
    new: { type: 'boolean', description: 'make the key; FILE must not exist' },
  },
  async main({ model, key: file, new: isNew }, { print }) {
    if (isNew) await makeKey(file);
    const jwk = readKey(file);
    const key = await crypto.subtle.importKey('jwk', jwk, ED25519, false, ['sign']).catch(() => {
      throw new UserError(`${file} is no private key that \`npm run sign -- --new\` made`);
    });
    const source = folderSource(model);
    await verifyModel(source);
    const signature = await crypto.subtle.sign(ED25519, key, readFileSync(join(model, MANIFEST_FILE)));
    writeFileSync(join(model, SIGNATURE_FILE), new Uint8Array(signature));
    print(JSON.stringify({ model, public_key: jwk.x }));
  },
});

async function makeKey(file: string): Promise<void> {
  if (existsSync(file)) throw new UserError(`${file} exists already`);
  const pair = (await crypto.subtle.generateKey(ED25519, true, ['sign', 'verify'])) as CryptoKeyPair;
  const { kty, crv, x, d } = await crypto.subtle.exportKey('jwk', pair.privateKey);
  writeFileSync(file, JSON.stringify({ kty, crv, x, d }), { mode: 0o600, flag: 'wx' });
}

function readKey(file: string): JsonWebKey {
  if (!existsSync(file)) throw new UserError(`${file} does not exist; --new makes a key`);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new UserError(`${file} is no JSON`);
  }
}

if (import.meta.main) await runCommand(command);
