/** The answer to the request that README.md shows, from the embedded model. */

import { queryFor } from '../../worker/recommend/query.ts';
import { recommend } from '../../worker/recommend/recommend.ts';
import { given } from '../../worker/recommend/states.ts';
import { loadFolder } from '../node-model.ts';

/** As a block of code, with scores of two decimals, two lines per item. */
export async function answerTo(readme: string): Promise<string> {
  const [, body] = /^ {2}-d '(\{"history": .*\})'$/m.exec(readme) ?? [];
  if (body === undefined) throw new Error('README.md shows no request with a history');
  const { history, k }: { history: string[]; k: number } = JSON.parse(body);
  const events = history.map((item) => ({ item }));
  const model = await loadFolder('model-shards');
  const { items, source, model: by, ...cost } = await recommend(model, given(events), queryFor(k));
  const lines = items.map(({ id, title, score, ...item }) => {
    const line = spaced({ id, title, score: Number(score.toFixed(2)) });
    return `  ${line.slice(0, -1)},\n   ${spaced(item).slice(1)}`;
  });
  const rest = [{ source, model: by }, cost].map((part) => ` ${spaced(part).slice(1, -1)}`);
  return `\`\`\`json\n{"items": [\n${lines.join(',\n')}],\n${rest.join(',\n')}}\n\`\`\``;
}

/** JSON on one line, with a blank after commas and colons. */
const spaced = (value: unknown): string =>
  JSON.stringify(value, null, 1)
    .replace(/([[{])\n\s*|\n\s*(?=[}\]])/g, '$1')
    .replace(/\n\s*/g, ' ');
