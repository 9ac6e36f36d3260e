/** The documents, and the passages in them that are generated from measurements. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { growthPassages } from '../bench/growth/tables.ts';
import { livePassages } from '../bench/live/tables.ts';
import { diversityPassages } from '../diversity/tables.ts';
import { explainPassages } from '../explain/tables.ts';
import { performancePassages } from '../performance/tables.ts';
import { readRows } from '../results/rows.ts';
import { resultPassages } from '../results/tables.ts';
import { scalePassages } from '../simulate/tables.ts';
import { answerTo } from './answer.ts';
import { checkPassages, readChecks } from './checks.ts';
import { count } from './markdown.ts';
import { fillPassages } from './passages.ts';

const documents = (): string[] => [
  'README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Every passage that a document may have, by name. */
export async function allPassages(): Promise<Record<string, string>> {
  const manifest = JSON.parse(readFileSync('model-shards/manifest.json', 'utf8'));
  return {
    answer: await answerTo(readFileSync('README.md', 'utf8')),
    model_id: `\`${manifest.id}\``,
    model_items: `${count(manifest.config.items)} items`,
    model_parameters: `${(manifest.validation.parameters / 1e6).toFixed(2)} M parameters`,
    ...performancePassages(JSON.parse(readFileSync('docs/performance.json', 'utf8'))),
    ...resultPassages(readRows()),
    ...checkPassages(readChecks()),
    ...growthPassages(),
    ...livePassages(),
    ...diversityPassages(),
    ...explainPassages(),
    ...scalePassages(),
  };
}

/** The documents whose passages differ from the measurements, with the text that they should have. */
export async function staleDocuments(): Promise<Map<string, string>> {
  const passages = await allPassages();
  const stale = new Map<string, string>();
  for (const path of documents()) {
    const text = readFileSync(path, 'utf8');
    const filled = fillPassages(text, passages);
    if (filled !== text) stale.set(path, filled);
  }
  return stale;
}

/** Writes the passages anew and returns the documents that changed. */
export async function updateDocuments(): Promise<string[]> {
  const stale = await staleDocuments();
  for (const [path, text] of stale) writeFileSync(path, text);
  return [...stale.keys()];
}
