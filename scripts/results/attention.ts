/** Plots of `docs/attention.json`, which `npm run attention` printed. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Plot, Point } from '../plot.ts';

const PATH = 'docs/attention.json';

export interface Attention {
  dataset: string;
  items: number;
  users: number;
  /** Shares from 0 to 1, see `scripts/train/earn_train/attention.py`. */
  layers: {
    layer: number;
    sparsity: number;
    prefix: number;
    head: number;
    tail: number;
    suffix: number;
    profile: number[];
  }[];
}

export function writeAttention(attention: Attention): void {
  writeFileSync(PATH, `${JSON.stringify(attention, null, 1)}\n`);
}

/** Each plot by its file in docs/; none if there is nothing to draw. */
export function attentionPlots(): Record<string, Plot> {
  if (!existsSync(PATH)) return {};
  const { layers } = JSON.parse(readFileSync(PATH, 'utf8')) as Attention;
  const lines = {
    sparsity: 'tokens that hold 90 % of the attention on the history',
    prefix: 'attention on P',
    head: 'on the oldest tenth',
    tail: 'on the newest tenth',
    suffix: 'on S itself',
  };
  const byLayer = Object.entries(lines).flatMap(([name, line]) =>
    layers.map((layer): Point => {
      return { x: String(layer.layer), y: layer[name as keyof typeof lines], line };
    }),
  );
  const map = layers.flatMap(({ layer, profile }) =>
    profile.map((y, part): Point => {
      return { x: Math.round((100 * part) / profile.length), y, line: `layer ${layer}` };
    }),
  );
  return {
    'attention-by-layer.svg': { title: 'Where S looks, by layer', x: 'layer', y: 'share', points: byLayer },
    'attention-map.svg': {
      title: 'Attention of S over the history',
      x: 'place in the history, % from the oldest item',
      y: 'share of a twentieth of the items',
      points: map,
    },
  };
}
