/** docs/performance.md says what docs/performance.json measured. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Bench } from '../../scripts/bench/report.ts';
import { TABLES } from '../../scripts/performance/tables.ts';

test.each(Object.entries(TABLES))('%s', (name, tableOf) => {
  const bench: Bench = JSON.parse(readFileSync('docs/performance.json', 'utf8'));
  const document = readFileSync('docs/performance.md', 'utf8');
  expect(document).toContain(`<!-- ${name} -->\n\n${tableOf(bench)}\n\n<!-- end of ${name} -->`);
});
