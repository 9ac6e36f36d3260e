/** The models that `npm start` and `npm run deploy` serve: one, or two side by side. */
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readManifest } from '../worker/models/files.ts';
import { MANIFEST_FILE, type Manifest } from '../worker/models/manifest.ts';
import { FULL } from './bundle-full.ts';
import { folderSource } from './node-model.ts';
import { type Options, UsageError } from './options.ts';
import { verifyModel } from './verified-model.ts';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The model that comes with the project. */
export const EMBEDDED = relative('.', join(ROOT, 'model-shards'));

export const SERVING_OPTIONS = {
  model: {
    type: 'folder',
    holds: 'manifest.json',
    description: `the model, as \`npm run make\` writes it (default: the embedded one, ${EMBEDDED})`,
  },
  candidate: {
    type: 'folder',
    holds: 'manifest.json',
    description: 'a second model, for a share of the users',
  },
  share: {
    type: 'integer',
    min: 0,
    max: 100,
    value: 'PERCENT',
    description: 'of the users whom the candidate answers; 0: only requests that ask for it (default: 0)',
  },
} as const satisfies Options;

export interface Served {
  folder: string;
  manifest: Manifest;
}

export interface Serving {
  model: Served;
  candidate?: Served;
  /** Flags of wrangler. */
  flags: string[];
  /** Environment of wrangler: where `scripts/bundle-page.ts` puts the runtime for browsers. */
  env: Record<string, string>;
}

interface Chosen {
  model?: string;
  candidate?: string;
  share?: number;
}

/**
 * Reads what the models are, and puts both into one folder if there are two.
 * @param place names the folder, so that two commands don't write into the same one
 * @throws {UsageError} when the options contradict each other
 * @throws {ModelUnavailable} when a manifest is damaged
 */
export async function prepareServing(chosen: Chosen, place: string): Promise<Serving> {
  const { model = EMBEDDED, candidate, share } = chosen;
  if (share !== undefined && candidate === undefined) throw new UsageError('--share needs --candidate DIR');
  const variable = share === undefined ? [] : ['--var', `CANDIDATE_SHARE:${share}`];
  const current = await servedFrom(model);
  const second = candidate === undefined ? undefined : await servedFrom(candidate);
  if (second?.manifest.id === current.manifest.id) {
    throw new UsageError(`--candidate: ${second.folder} and ${current.folder} hold the same model`);
  }
  const folder = second ? together(resolve(model), resolve(second.folder), place) : resolve(model);
  return {
    model: current,
    candidate: second,
    flags: ['--assets', folder, ...variable],
    env: { MODEL_DIR: folder },
  };
}

/** @throws {ModelUnavailable} when a file of a model is not what its manifest says */
export async function verifyFiles({ model, candidate }: Serving): Promise<void> {
  const full = join(model.folder, FULL);
  const beside = existsSync(join(full, MANIFEST_FILE)) ? [await servedFrom(full)] : [];
  for (const { folder } of [model, ...(candidate ? [candidate] : []), ...beside]) {
    await verifyModel(folderSource(folder));
  }
}

/** A line about a model for people. */
export function describe({ folder, manifest: { name, id, config } }: Served): string {
  const origin = resolve(folder) === resolve(EMBEDDED) ? 'the embedded films' : folder;
  return `${name}, id ${id}, ${config.items.toLocaleString('en-US')} items (${origin})`;
}

const servedFrom = async (folder: string): Promise<Served> => ({
  folder,
  manifest: await readManifest(folderSource(folder)),
});

/**
 * Copies of both models as a deployment has them: the candidate in a folder inside the current one. Nobody
 * compares the candidate with its decoder without EARN.
 */
function together(model: string, candidate: string, place: string): string {
  const folder = join(ROOT, `node_modules/.cache/models-${place}`);
  rmSync(folder, { recursive: true, force: true });
  const copy = (from: string, to: string, without: string[]) =>
    cpSync(from, to, { recursive: true, filter: (path) => !without.includes(relative(from, path)) });
  copy(model, folder, ['runtime', 'candidate']);
  copy(candidate, join(folder, 'candidate'), ['runtime', 'candidate', FULL]);
  return folder;
}
