import { expect, test } from 'vitest';
import budgets from '../../scripts/bench/budgets.json' with { type: 'json' };
import { type BudgetName, passed, type Sizes } from '../../scripts/bench/budgets.ts';

const names = Object.keys(budgets) as BudgetName[];

test('what is exactly at its budget is within it', () => {
  expect(passed(budgets)).toEqual([]);
});

test.each(names)('%s over its budget is named with both numbers, alone', (name) => {
  const [line, ...others] = passed({ ...budgets, [name]: budgets[name] + 0.1 });
  expect(others).toEqual([]);
  expect(line).toContain(`${name} is ${budgets[name] + 0.1}, over its budget of ${budgets[name]}`);
});

test('what was not measured does not pass for small', () => {
  const sizes: Sizes = { ...budgets, isolate_mb: Number.NaN };
  expect(passed(sizes)).toHaveLength(1);
  expect(passed({} as Sizes)).toHaveLength(names.length);
});

test('no budget is over what Cloudflare allows', () => {
  // https://developers.cloudflare.com/workers/platform/limits/: 64 MiB a Worker, 25 MiB an asset, 128 MB an isolate.
  expect(budgets.upload_mb).toBeLessThan((64 * 2 ** 20) / 1e6);
  expect(budgets.largest_asset_mb).toBeLessThan((25 * 2 ** 20) / 1e6);
  expect(budgets.isolate_mb).toBeLessThan(128);
});
