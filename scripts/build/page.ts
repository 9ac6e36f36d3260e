/** What the demo page says of a model's items: `--page FILE`. */

import { readFileSync } from 'node:fs';
import { type PageWords, parsePage } from '../../worker/models/manifest.ts';
import { UserError } from '../errors.ts';
import type { Options } from '../options.ts';

/** What the demo page says of a model's items: options of the commands that build one. */
export const PAGE_OPTIONS = {
  noun: {
    type: 'string',
    default: 'item',
    description: 'what one of the items is called on the page, in the singular: product, film, song',
  },
  page: {
    type: 'path',
    description: 'JSON of what the demo page says: heading, note, colour, images, examples (docs/train.md)',
  },
} as const satisfies Options;

/** @throws {UserError} that names the place at fault */
export function readPage(file: string): PageWords {
  try {
    return parsePage(readFileSync(file));
  } catch (error) {
    throw new UserError(`${file}: ${(error as Error).message}`);
  }
}
