/** Data, checkpoint and model change together, whatever interrupts: never new data beside an old model. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { buildModel, writeModel } from '../../scripts/build/build-model.ts';
import { finishReplacing, placesOf, replace, workPlaces } from '../../scripts/make/places.ts';
import { folder } from '../data/helpers.ts';
import { tinyCheckpoint } from '../fixtures/tiny-model.ts';

const [OLD, NEW] = [1, 2].map((seed) =>
  buildModel(tinyCheckpoint({}, seed), 'tiny', 'int8', { pieceBytes: 60_000 / seed }),
);

beforeEach(() => {
  const before = process.cwd();
  process.chdir(folder({}));
  return () => process.chdir(before);
});

function write(path: string, text: string) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Everything that a run makes, where these places say. */
function make({ data, checkpoint, model }: ReturnType<typeof placesOf>, version: 'old' | 'new') {
  for (const name of ['interactions.csv', 'items.jsonl']) write(join(data, name), version);
  for (const name of ['config.json', 'model.safetensors']) write(join(checkpoint, name), version);
  writeModel(version === 'old' ? OLD : NEW, model);
}

const versions = () => [
  readFileSync('data/shop/interactions.csv', 'utf8'),
  readFileSync('data/shop/items.jsonl', 'utf8'),
  readFileSync('runs/shop/config.json', 'utf8'),
  JSON.parse(readFileSync('shop/manifest.json', 'utf8')).id === NEW.manifest.id ? 'new' : 'old',
];

test('a run works beside what there is, and replaces it at its end', () => {
  const places = placesOf('shop');
  make(places, 'old');
  write('data/shop/notes.txt', 'mine');
  const work = workPlaces(places);
  make(work, 'new');
  expect(versions()).toEqual(['old', 'old', 'old', 'old']);
  replace(work, places);
  expect(versions()).toEqual(['new', 'new', 'new', 'new']);
  expect(readFileSync('data/shop/notes.txt', 'utf8')).toBe('mine');
  expect(readdirSync('shop').sort()).toEqual([...NEW.files.keys()].sort());
  expect([existsSync(work.data), existsSync(work.checkpoint), existsSync(work.model)]).toEqual([
    false,
    false,
    false,
  ]);
});

test.each(['data', 'checkpoint', 'model'] as const)(
  'interrupted at the %s, the next run finishes it',
  (at) => {
    const places = placesOf('shop');
    make(places, 'old');
    const work = workPlaces(places);
    make(work, 'new');
    // A folder that can't be replaced: the rename of its first file fails half-way.
    const blocked = { data: 'data/shop', checkpoint: 'runs/shop', model: 'shop' }[at];
    const saved = `${blocked}.saved`;
    renameSync(blocked, saved);
    write(blocked, 'a file in the way');
    expect(() => replace(work, places)).toThrow();
    rmSync(blocked);
    renameSync(saved, blocked);
    finishReplacing(places);
    expect(versions()).toEqual(['new', 'new', 'new', 'new']);
    finishReplacing(places); // nothing is left to do
    expect(versions()).toEqual(['new', 'new', 'new', 'new']);
  },
);

test('a folder of other files is no place for a model', () => {
  write('documents/letter.txt', 'dear');
  expect(() => placesOf('documents')).toThrow('--out: documents holds other files and no model');
  expect(placesOf('nothing-yet').data).toBe(join('data', 'nothing-yet'));
});
