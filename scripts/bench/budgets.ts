/** What must not grow unseen: `budgets.json` has the most that each may be. */
import budgets from './budgets.json' with { type: 'json' };

export type BudgetName = keyof typeof budgets;
export type Sizes = Record<BudgetName, number>;

/** A line for each budget that is passed. */
export function passed(sizes: Sizes, most: Sizes = budgets): string[] {
  const names = Object.keys(most) as BudgetName[];
  return names
    .filter((name) => !(sizes[name] <= most[name]))
    .map(
      (name) => `${name} is ${sizes[name]}, over its budget of ${most[name]} (scripts/bench/budgets.json)`,
    );
}
