/** What the demo page says of a model's items: `--page FILE`. */
import { readFileSync } from 'node:fs';
import { type PageWords, parsePage } from '../../worker/models/manifest.ts';
import { UserError } from '../errors.ts';

/** @throws {UserError} that names the place at fault */
export function readPage(file: string): PageWords {
  try {
    return parsePage(readFileSync(file));
  } catch (error) {
    throw new UserError(`${file}: ${(error as Error).message}`);
  }
}
