/** `npm run keys`: who may use a deployment. */
import { isValid } from '../../worker/access/keys.ts';
import { DEFAULT_TENANT, SCOPES, type Scope } from '../../worker/access/principal.ts';
import { isSigningKey } from '../../worker/access/tokens.ts';
import { defineCommand, runCommand } from '../command.ts';
import { UserError } from '../errors.ts';
import { UsageError } from '../options.ts';
import { readKeys, writeKeys } from './key-file.ts';
import { makeKey, makeSigningKey, type Wanted } from './make.ts';

export const command = defineCommand({
  usage: `npm run keys -- make|list|revoke [ID] [options]

Makes, lists and revokes the API keys of a deployment. \`make\` prints a key once; the file keeps only its hash.
Changes take effect when the file becomes the secret: npx wrangler secret put API_KEYS < keys.json. To rotate
a key, make a second one, deploy both, let its holder change over, then revoke the first.

With --signing it is a key pair: a shop's server signs short-lived tokens (JWT, ES256) with the private key,
each for one user (\`sub\`), and browsers send these. The last line printed is a JSON object.`,
  positionals: { name: 'make, list or revoke', min: 1, max: 2 },
  options: {
    file: { type: 'string', value: 'FILE', default: 'keys.json', description: 'where the keys are noted' },
    name: { type: 'string', description: 'whose key it is, for people' },
    scopes: {
      type: 'choice',
      of: SCOPES,
      multiple: 'commas',
      default: ['read', 'write'],
      description: 'what its holder may do',
    },
    tenant: { type: 'string', default: DEFAULT_TENANT, description: 'whose users they are' },
    users: { type: 'string', value: 'PREFIX', description: 'only for users whose ids begin with this' },
    days: { type: 'integer', min: 1, description: 'refuse the key after so many days' },
    signing: { type: 'boolean', description: 'a key pair for signing tokens' },
  },
  async main({ file, signing, scopes, ...wanted }, { positionals: [action, id], print }) {
    if (action !== 'revoke' && id !== undefined) throw new UsageError(`unexpected argument: ${id}`);
    if (action === 'make') return make(file, signing, { ...wanted, scopes: scopes as Scope[] }, print);
    if (action === 'list') return list(file, print);
    if (action === 'revoke') return revoke(file, id, print);
    throw new UsageError(`expected make, list or revoke, found ${action}`);
  },
});

type Print = (line: string) => void;

async function make(file: string, signing: boolean, wanted: Wanted, print: Print): Promise<void> {
  const { record, secret } = await (signing ? makeSigningKey(wanted) : makeKey(wanted));
  writeKeys(file, [...readKeys(file), record]);
  print('Keep this, it is not shown again:');
  print(secret);
  print(JSON.stringify({ id: record.id, file }));
}

function list(file: string, print: Print): void {
  const keys = readKeys(file);
  for (const key of keys) {
    const { id, name = '', tenant, scopes, users, expires = 'never' } = key;
    const kind = isSigningKey(key) ? 'signs tokens' : 'key';
    const state = isValid(key, Date.now()) ? `expires ${expires}` : `EXPIRED ${expires}`;
    print(
      [id, kind, tenant, scopes.join('+'), users && `users ${users}*`, state, name]
        .filter(Boolean)
        .join('  '),
    );
  }
  print(JSON.stringify({ keys: keys.length, file }));
}

function revoke(file: string, id: string | undefined, print: Print): void {
  if (id === undefined) throw new UsageError('revoke needs the id of a key');
  const keys = readKeys(file);
  const left = keys.filter((key) => key.id !== id);
  if (left.length === keys.length) throw new UserError(`${file} has no key ${id}`);
  writeKeys(file, left);
  print(JSON.stringify({ revoked: id, keys: left.length, file }));
}

if (import.meta.main) await runCommand(command);
