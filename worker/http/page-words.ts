/** What the pages say of the catalogue, from the model that is served. */
import { html } from 'hono/html';
import { ModelUnavailable } from '../engine/errors.ts';
import type { PageWords } from '../models/manifest.ts';
import type { Models } from '../models/rollout.ts';

export interface Words extends PageWords {
  /** What one item is called. */
  noun: string;
}

/** Without a model there are pages too: they say what is wrong. */
export async function wordsOf(models: Models): Promise<Words> {
  try {
    const { noun, page } = (await models.model()).manifest;
    return { noun, ...page };
  } catch (error) {
    if (error instanceof ModelUnavailable) return { noun: 'item' };
    throw error;
  }
}

/** A page with these words on its root element, and what other sites show of a link to it. */
export function dressed(page: string, { noun, heading, note, colour, examples }: Words): string {
  const title = heading ?? 'What to take next';
  const description = `Click a ${noun} that you know, and see what comes next and why. A small generative model at the edge that computes only what is new.`;
  const attributes = { noun, heading: title, note, colour, examples: examples && JSON.stringify(examples) };
  const data = Object.entries(attributes).map(([name, value]) =>
    value === undefined ? '' : html` data-${name}="${value}"`,
  );
  const root = html`<html lang="en"${data}>`;
  const meta = html`<title>${title}</title>
    <meta name="description" content="${description}">
    <meta property="og:type" content="website">
    <meta property="og:title" content="${title}">
    <meta property="og:description" content="${description}">`;
  return page
    .replace('<html lang="en">', () => String(root))
    .replace('<title>earn-edge</title>', () => String(meta));
}
