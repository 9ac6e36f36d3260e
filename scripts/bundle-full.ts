/**
 * The decoder that the playground compares with: the model's without EARN (k = N), which reads the whole
 * history in every layer. A trained one lies in the model's folder `full/`. Where there is none, one of the
 * same shape with random weights is made: it takes the same time, and no list is made of it.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST_FILE, type Manifest } from '../worker/models/manifest.ts';
import { buildModel, writeModel } from './build/build-model.ts';
import { randomCheckpoint } from './build/random-checkpoint.ts';
import { shapeWithoutEarn } from './build/without-earn.ts';

/** Its folder inside a model's. */
export const FULL = 'full';

/** Of the few items that the random one has to have; the page brings the vectors of the model's. */
const ITEMS = 64;

/** Writes the random decoder into `folder`, unless one of this shape is there; or removes it. */
export function placeFull(model: string, folder: string): void {
  const manifest = manifestOf(model);
  if (!manifest) return;
  if (manifestOf(join(model, FULL))?.catalogueId === manifest.catalogueId) {
    rmSync(folder, { recursive: true, force: true });
    return;
  }
  const { config, precision } = manifest;
  const full = { ...shapeWithoutEarn(config), items: ITEMS };
  const placed = manifestOf(folder);
  const text = JSON.stringify([full, precision]);
  if (placed && JSON.stringify([placed.config, placed.precision]) === text) return;
  writeModel(buildModel(randomCheckpoint(full), 'random weights', precision), folder);
}

/** A model that can't be read is the service's to report. */
function manifestOf(model: string): Manifest | undefined {
  const path = join(model, MANIFEST_FILE);
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
