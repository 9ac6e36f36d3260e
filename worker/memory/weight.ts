/**
 * The weight of a part of the memory after so many items: `weights` stand at 1, 2, 4, 8 and so on items, and
 * between them it is linear in the logarithm of the length. The last one holds for all longer histories.
 */
export function weightAfter(weights: readonly number[], length: number): number {
  const place = Math.min(Math.log2(Math.max(1, length)), weights.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, weights.length - 1);
  return weights[below] + (place - below) * (weights[above] - weights[below]);
}
