/** What items lose when the history is read without what explains them, and without other items. */
import { itemOf } from '../../worker/engine/token.ts';
import type { Model } from '../../worker/models/model.ts';
import { explanations, logProbsAfter, MOST_LEFT_OUT } from '../../worker/recommend/explain.ts';
import { RANKERS } from '../../worker/recommend/rankers/index.ts';
import { DIRECT } from '../../worker/recommend/run.ts';
import type { Dataset, Split } from '../dataset.ts';
import { UserError } from '../errors.ts';
import { indexed, indexedCase, unseenCases } from '../evaluate/cases.ts';
import { contextWindow, servedAfter } from '../evaluate/lists.ts';
import { interval, mean, rounded } from '../evaluate/metrics.ts';
import { seededRandom, shuffled } from '../random.ts';
import { type Fall, REMOVED } from './tables.ts';

/** The first items of each list are explained. */
const LISTED = 3;
const SEED = 1;

export interface Measured {
  /** Explained items. */
  items: number;
  falls: Fall[];
}

export async function measure(
  model: Model,
  dataset: Dataset,
  { split, cases: most }: { split: Split; cases: number },
  step: () => void,
): Promise<Measured> {
  const users = indexed(dataset, model);
  const random = seededRandom(SEED);
  const cases = shuffled(unseenCases(model, dataset, split), random).slice(0, most);
  const falls = REMOVED.map(() => [] as number[]);
  for (const one of cases) {
    const { history: tokens } = indexedCase(one, users, model);
    const history = contextWindow(tokens, model);
    const distinct = [...new Set(history.toReversed().map(itemOf))];
    const newest = distinct.slice(0, MOST_LEFT_OUT);
    const listed = await listAfter(model, tokens, history);
    const explained = await explanations(model, history, listed, { run: DIRECT });
    const whole = await logProbsAfter(model, history, { run: DIRECT });
    for (const [at, item] of listed.entries()) {
      const named = explained[at].history.map(({ id }) => model.catalogue.indexOf(id)!);
      const drawn = (of: number[]) =>
        shuffled(
          of.filter((other) => !named.includes(other)),
          random,
        ).slice(0, named.length);
      const removed = [named, drawn(newest), drawn(distinct.slice(MOST_LEFT_OUT))];
      // Each item is compared on the same number of removed ones.
      if (named.length === 0 || removed.some(({ length }) => length < named.length)) continue;
      for (const [kind, items] of removed.entries()) {
        const rest = history.filter((token) => !items.includes(itemOf(token)));
        falls[kind].push(whole[item] - (await logProbsAfter(model, rest, { run: DIRECT }))[item]);
      }
    }
    step();
  }
  if (falls[0].length === 0) throw new UserError(`${split}: no history is long enough to compare removals`);
  return {
    items: falls[0].length,
    falls: REMOVED.map((name, kind) => ({
      removed: name,
      fall: rounded(mean(falls[kind])),
      interval95: interval(falls[kind]),
      less_than_named: rounded(mean(falls[kind].map((fall, row) => Number(fall < falls[0][row])))),
    })),
  };
}

async function listAfter(model: Model, tokens: Int32Array, history: number[]): Promise<number[]> {
  const state = await model.prefill(history);
  const input = {
    model,
    history: history.map(itemOf),
    state,
    allowed: servedAfter(tokens, model),
    k: LISTED,
  };
  return (await RANKERS[model.manifest.ranker].rank(input)).map(({ item }) => item);
}
