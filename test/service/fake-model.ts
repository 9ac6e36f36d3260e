import { Catalogue } from '../../worker/engine/catalogue.ts';
import { MANIFEST_FORMAT, type Manifest, type ModelFile } from '../../worker/engine/manifest.ts';
import type { Model, RecommendRequest } from '../../worker/engine/model.ts';

const TITLES = [
  'Toy Story (1995)',
  'Matrix, The (1999)',
  'Misérables, Les (1995)',
  "Schindler's List (1993)",
  'Story of Us, The (1999)',
  'Toy Story 2 (1999)',
  'Alien³ (1992)',
  'Fargo (1996)',
  'Casablanca (1942)',
  'Rear Window (1954)',
  'Jaws (1975)',
  'Amadeus (1984)',
];

const file = (path: string): ModelFile => ({ path, bytes: 1, sha256: path.padEnd(64, '0') });

export const MANIFEST: Manifest = {
  format: MANIFEST_FORMAT,
  id: 'fake',
  name: 'twelve-films',
  precision: 'int8',
  config: {
    items: TITLES.length,
    levels: 2,
    codebook: 4,
    depth: 4,
    registerDepth: 1,
    width: 8,
    heads: 1,
    headDim: 8,
    ffn: 16,
    window: 4,
  },
  training: null,
  validation: null,
  graphs: { prefill: file('prefill.onnx'), decode: file('decode.onnx') },
  shards: [file('weights-0.bin')],
  catalogue: file('catalogue.json'),
  semanticIds: file('semantic-ids.bin'),
};

/** Twelve films with the ids 1 to 12. Recommends in the catalogue's order and looks at the newest four. */
export class FakeModel implements Model {
  readonly manifest = MANIFEST;
  readonly catalogue = new Catalogue(
    TITLES.map((title, index) => ({ id: String(index + 1), title, categories: ['Drama'] })),
  );
  readonly requests: RecommendRequest[] = [];

  async recommend(request: RecommendRequest) {
    this.requests.push(request);
    const items = [...TITLES.keys()]
      .filter((item) => !request.excluded.has(item))
      .slice(0, request.k)
      .map((item) => ({ item, score: -1 - item }));
    return { items, prefilled: Math.min(request.history.length, MANIFEST.config.window) };
  }
}
