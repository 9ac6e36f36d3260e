/** What rules do between a ranker and its list. */
import type { Ranked } from '../engine/ranking.ts';
import type { AppliedRules } from '../rules/applied.ts';
import type { RankInput } from './rankers/ranker.ts';

/**
 * The ranker's list under the rules: without the hidden items, with the pinned ones first, each part in the
 * ranker's order and as long as it can be.
 */
export async function ranksByRules<Input extends RankInput>(
  input: Input,
  { hidden, pinned, boosts }: AppliedRules,
  rank: (input: Input) => Promise<Ranked[]>,
): Promise<Ranked[]> {
  const allowed = hidden ? input.allowed.map((bit, item) => bit & ~hidden[item] & 1) : input.allowed;
  if (!pinned) return rank({ ...input, allowed, boosts });
  const first = await rank({ ...input, allowed: allowed.map((bit, item) => bit & pinned[item]), boosts });
  const k = input.k - first.length;
  if (k === 0) return first;
  const others = allowed.map((bit, item) => bit & ~pinned[item] & 1);
  return [...first, ...(await rank({ ...input, k, allowed: others, boosts }))];
}
