/** What the report of `make` says, before it has a form. */

import type { Event } from '../../../worker/history/event.ts';
import type { Model } from '../../../worker/models/model.ts';
import { queryFor } from '../../../worker/recommend/query.ts';
import { recommend } from '../../../worker/recommend/recommend.ts';
import { given } from '../../../worker/recommend/states.ts';
import type { Report } from '../../data/prepare.ts';
import { date } from '../../data/report.ts';
import { type Case, type Dataset, lengthOf } from '../../dataset.ts';
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
  /** Titles, with what happened where events have types, oldest first; the newest ones. */
  history: string[];
  /** What came next. */
  next: string;
  /** Best first. `hit` is what came next. */
  list: { title: string; hit: boolean }[];
}

export interface ReportFacts {
  name: string;
  /** What the log is, a line each. */
  data: [what: string, value: string][];
  warnings: string[];
  /** How many users have histories of which lengths. */
  lengths: { name: string; users: number }[];
  trained: Trained[];
  chosen: Trained;
  /** NDCG@10 and HR@10 by name, yardsticks first. */
  quality: { name: string; ndcg: number; hr: number; model: boolean; about: string }[];
  ranker: string;
  verdict: Verdict;
  byHistory: Group[];
  byItem: Group[];
  samples: Sample[];
  next: string[];
}

/** What comes after the training. */
export const REFIT =
  'What was kept was then fitted to the validation items too, so it knows everything before the test items.';

interface Inputs extends Pick<ReportFacts, 'name' | 'warnings' | 'trained' | 'chosen' | 'verdict'> {
  shape: LogShape;
  types: Report['types'];
  times: Report['times'];
  model: Model;
  dataset: Dataset;
  evaluation: Evaluation;
  /** The ranker that is judged. */
  ranker: string;
  /** The model's folder. */
  out: string;
}

export async function factsOf(inputs: Inputs): Promise<ReportFacts> {
  const { name, warnings, trained, chosen, verdict, model, dataset, evaluation, ranker } = inputs;
  const { ranks, results, yardsticks } = evaluation;
  const quality = [...Object.keys(yardsticks), ...Object.keys(results)].map((each) => {
    const metrics = metricsOf(ranks.get(each)!);
    return {
      name: each,
      ndcg: metrics['ndcg@10'],
      hr: metrics['hr@10'],
      model: each in results,
      about: ABOUT[each] ?? '',
    };
  });
  return {
    ...{ name, warnings, trained, chosen, verdict, ranker, quality },
    data: [...aboutData(inputs)],
    lengths: lengthsOf(dataset),
    byHistory: groups(inputs, HISTORY, ({ place }) => ENDS.findIndex((end) => place <= end)),
    byItem: groups(inputs, ITEMS, popularityOf(model)),
    samples: await samplesOf(inputs),
    next: [...nextSteps(inputs)],
  };
}

/** What makes each list. */
const ABOUT: Record<string, string> = {
  popular: 'the same list for everyone',
  'first-order': 'what came right after the newest item',
  transitions: 'what came after and before the newest items',
  knn: 'what the same users took',
  'vmis-knn': 'what users with similar histories took',
  ease: 'what goes together, by a linear model',
  latent: 'the decoder with its memory',
  counts: 'its memory alone',
};

function* aboutData({ shape, types, times, dataset }: Inputs): Generator<[string, string]> {
  const n = (count: number) => count.toLocaleString('en-US');
  yield ['users', n(shape.users)];
  yield ['users with three events or more', n(shape.usable_users)];
  yield ['items', n(shape.items)];
  yield ['items that two users or more had', n(shape.shared_items)];
  yield ['events', n(shape.interactions)];
  for (const [type, count] of Object.entries(types)) yield [`events of type ${type}`, n(count)];
  if (dataset.meaning?.target) yield ['lists are to lead to', dataset.meaning.target];
  yield ['from', date(times[0])];
  yield ['to', date(times[1])];
  yield ['events whose order is unknown', n(shape.tied_rows)];
}

const ENDS = [5, 20, 100, Infinity];
const HISTORY = ['up to 5 events', '6 to 20 events', '21 to 100 events', 'more than 100 events'];
const ITEMS = ['popular: half of all events', 'the long tail', 'not in training'];

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

/** Which of `ITEMS` a target is, by how often it occurs in training. */
function popularityOf({ catalogue }: Model): (one: Case) => number {
  const counts = Array.from({ length: catalogue.size }, (_, item) => catalogue.countOf(item));
  counts.sort((a, b) => b - a);
  const total = counts.reduce((sum, count) => sum + count, 0);
  let [sum, place] = [0, 0];
  while (place < counts.length && sum < total / 2) sum += counts[place++];
  const least = Math.max(counts[place - 1] ?? 1, 1);
  return ({ target }) => {
    const index = catalogue.indexOf(target);
    const count = index === undefined ? 0 : catalogue.countOf(index);
    if (count === 0) return 2;
    return count >= least ? 0 : 1;
  };
}

function groups(
  { evaluation: { cases, ranks }, ranker, verdict }: Inputs,
  names: readonly string[],
  groupOf: (one: Case) => number,
): Group[] {
  const places = Map.groupBy(cases.keys(), (i) => groupOf(cases[i]));
  const ndcg = (name: string, of: number[]) => metricsOf(of.map((i) => ranks.get(name)![i]))['ndcg@10'];
  return names.flatMap((name, group) => {
    const of = places.get(group);
    if (!of) return [];
    return { name, cases: of.length, model: ndcg(ranker, of), yardstick: ndcg(verdict.over, of) };
  });
}

/** Some test cases, with the lists that are served. */
async function samplesOf({ model, evaluation }: Inputs): Promise<Sample[]> {
  const title = async (id: string) => (await model.catalogue.find(id))?.title ?? id;
  const samples: Sample[] = [];
  const told = async ({ item, type }: Event) => `${await title(item)}${type ? ` (${type})` : ''}`;
  for (const { user, events, target } of evaluation.cases.slice(0, SAMPLES)) {
    const { items } = await recommend(model, given(events), queryFor(SHOWN));
    samples.push({
      user,
      history: await Promise.all(events.slice(-SHOWN).map(told)),
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
    const target = dataset.meaning?.target ?? 'event';
    yield `Each user's last ${target} was the test. A column split (train, valid, test) by a day shows what the next days bring.`;
  }
  yield `Try it: npm start -- --model ${out}`;
  yield `Deploy it: npm run deploy -- --model ${out}`;
}
