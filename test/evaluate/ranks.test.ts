/** Files of ranks can be read again, and compared case by case. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Case } from '../../scripts/dataset.ts';
import { readRanks, writeRanks } from '../../scripts/evaluate/ranks.ts';
import { datasetOf } from '../fixtures/dataset.ts';

function ranksFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'earn-edge-ranks-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'ranks.csv');
  const log = (...items: string[]) => ({ items, trained: 0, known: 0 });
  const dataset = datasetOf({ ann: log('a', 'b', 'c'), 'Lee, Kim': log('c', 'a') });
  const cases = [new Case(dataset, 0, 2), new Case(dataset, 1, 1)];
  writeRanks(
    path,
    cases,
    new Map([
      ['latent', [0, Infinity]],
      ['popular', [19, 3]],
    ]),
  );
  return path;
}

test('a row per case: user, events before the target, ranks from 0, nothing when not listed', () => {
  expect(readFileSync(ranksFile(), 'utf8')).toBe(
    'user_id,place,latent,popular\nann,2,0,19\n"Lee, Kim",1,,3\n',
  );
});

test('a column is read by case', () => {
  expect(readRanks(ranksFile(), 'latent')).toEqual(
    new Map([
      ['ann 2', 0],
      ['Lee, Kim 1', Infinity],
    ]),
  );
  expect(() => readRanks(ranksFile(), 'beam')).toThrow('has no column beam');
});
