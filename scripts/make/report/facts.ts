/** What the report of `make` says, before it has a form. */

import type { Model } from '../../../worker/models/model.ts';
import { queryFor } from '../../../worker/recommend/query.ts';
import { recommend } from '../../../worker/recommend/recommend.ts';
import { given } from '../../../worker/recommend/states.ts';
import { type Dataset, lengthOf } from '../../dataset.ts';
import { metricsOf } from '../../evaluate/metrics.ts';
import type { Evaluation } from '../../evaluate/run.ts';
import type { Verdict } from '../../evaluate/verdict.ts';
import type { LogShape } from '../advice.ts';
import type { Trained } from '../training.ts';

const SAMPLES = 10;
/** Of a sample's history, and of its list. */
const SHOWN = 5;

/** Quality of the model and of the best yardstick on a part of the cases. */
export interface Group {
  name: string;
  cases: number;
  /** NDCG@10. */
  model: number;
  yardstick: number;
}

export interface Sample {
  user: string;
  /** Titles, oldest first; the newest ones. */
  history: string[];
  /** What came next. */
  next: string;
  /** Best first. `hit` is what came next. */
  list: { title: string; hit: boolean }[];
}

export interface ReportFacts {
  name: string;
  shape: LogShape;
  warnings: string[];
  /** How many users have histories of which lengths. */
  lengths: { name: string; users: number }[];
  trained: Trained[];
  chosen: Trained;
  /** NDCG@10 and HR@10 by name, yardsticks first. */
  quality: { name: string; ndcg: number; hr: number; model: boolean }[];
  ranker: string;
  verdict: Verdict;
  byHistory: Group[];
  byItem: Group[];
  samples: Sample[];
  next: string[];
}

interface Inputs extends Pick<ReportFacts, 'name' | 'shape' | 'warnings' | 'trained' | 'chosen' | 'verdict'> {
  model: Model;
  dataset: Dataset;
  evaluation: Evaluation;
  /** The ranker that is judged. */
  ranker: string;
  /** The model's folder. */
  out: string;
}

export async function factsOf(inputs: Inputs): Promise<ReportFacts> {
  const { name, shape, warnings, trained, chosen, verdict, model, dataset, evaluation, ranker } = inputs;
  const { ranks, results, yardsticks } = evaluation;
  const quality = [...Object.keys(yardsticks), ...Object.keys(results)].map((each) => {
    const metrics = metricsOf(ranks.get(each)!);
    return { name: each, ndcg: metrics['ndcg@10'], hr: metrics['hr@10'], model: each in results };
  });
  return {
    ...{ name, shape, warnings, trained, chosen, verdict, ranker, quality },
    lengths: lengthsOf(dataset),
    byHistory: groups(inputs, ({ place }) => HISTORY.find(({ end }) => place <= end)!.name),
    byItem: groups(inputs, ({ target }) => popularityOf(model)(target)),
    samples: await samplesOf(inputs),
    next: [...nextSteps(inputs)],
  };
}

const HISTORY = [
  { name: 'up to 5 events', end: 5 },
  { name: '6 to 20 events', end: 20 },
  { name: '21 to 100 events', end: 100 },
  { name: 'more than 100 events', end: Infinity },
];

function lengthsOf(dataset: Dataset): ReportFacts['lengths'] {
  const ends = [1, 2, 5, 10, 20, 50, 100, 200, Infinity];
  const lengths = dataset.users.map((_, user) => lengthOf(dataset, user));
  return ends.flatMap((end, i) => {
    const start = i === 0 ? 1 : ends[i - 1] + 1;
    const users = lengths.filter((length) => length >= start && length <= end);
    const name = end === Infinity ? `${start}+` : start === end ? `${end}` : `${start}-${end}`;
    return users.length > 0 ? [{ name, users: users.length }] : [];
  });
}

/** The item's place among all, by how often it occurs in training. */
function popularityOf({ catalogue }: Model): (id: string) => string {
  const counts = Array.from({ length: catalogue.size }, (_, item) => catalogue.countOf(item));
  counts.sort((a, b) => b - a);
  const total = counts.reduce((sum, count) => sum + count, 0);
  let [sum, place] = [0, 0];
  while (place < counts.length && sum < total / 2) sum += counts[place++];
  const least = Math.max(counts[place - 1] ?? 1, 1);
  return (id) => {
    const index = catalogue.indexOf(id);
    const count = index === undefined ? 0 : catalogue.countOf(index);
    if (count === 0) return 'not in training';
    return count >= least ? 'popular: half of all events' : 'the long tail';
  };
}

function groups(
  { evaluation: { cases, ranks }, ranker, verdict }: Inputs,
  nameOf: (one: Evaluation['cases'][number]) => string,
): Group[] {
  const places = Map.groupBy(cases.keys(), (i) => nameOf(cases[i]));
  const ndcg = (name: string, of: number[]) => metricsOf(of.map((i) => ranks.get(name)![i]))['ndcg@10'];
  return [...places].map(([name, of]) => ({
    name,
    cases: of.length,
    model: ndcg(ranker, of),
    yardstick: ndcg(verdict.over, of),
  }));
}

/** Some test cases, with the lists that are served. */
async function samplesOf({ model, evaluation }: Inputs): Promise<Sample[]> {
  const title = async (id: string) => (await model.catalogue.find(id))?.title ?? id;
  const samples: Sample[] = [];
  for (const { user, history, events, target } of evaluation.cases.slice(0, SAMPLES)) {
    const { items } = await recommend(model, given(events), queryFor(SHOWN));
    samples.push({
      user,
      history: await Promise.all(history.slice(-SHOWN).map(title)),
      next: await title(target),
      list: items.map((item) => ({ title: item.title, hit: item.id === target })),
    });
  }
  return samples;
}

function* nextSteps({ out, shape, verdict, model, dataset }: Inputs): Generator<string> {
  const [, low, high] = verdict['ndcg@10'];
  if (high < 0) {
    yield `Counting (${verdict.over}) is better on this log. Take a longer period of it, or more kinds of events.`;
  } else if (low <= 0) {
    yield `The model is within chance of counting (${verdict.over}): more events, or more test users, would tell.`;
  }
  const { catalogue } = model;
  const unseen = [...Array(catalogue.size).keys()].filter((item) => catalogue.countOf(item) === 0).length;
  if (unseen > 0) {
    yield `${unseen} of ${shape.items} items are in no training event; titles and categories are all that places them.`;
  }
  // Those of a large catalogue are not in memory.
  const untitled = (catalogue.items ?? []).filter(({ id, title }) => id === title).length;
  if (untitled > shape.items / 2)
    yield 'Most items have no title: --items FILE adds titles and categories, which help.';
  if (dataset.protocol === 'leave-one-out') {
    yield "Each user's last event was the test. A column split (train, valid, test) by a day shows what the next days bring.";
  }
  yield `Try it: npm start -- --model ${out}`;
  yield `Deploy it: npm run deploy -- --model ${out}`;
}
