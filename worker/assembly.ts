/** What was said and done since the training, from a deployment's bindings: the same in every isolate. */
import type { LiveCatalogue } from './catalogue/catalogue-object.ts';
import { DurableTruth } from './catalogue/durable-truth.ts';
import { LiveCopy } from './catalogue/live-copy.ts';
import { CATALOGUE_KEY, catalogueSnapshot } from './catalogue/snapshot.ts';
import type { EventMeaning } from './events/event-types.ts';
import type { HistoryLog } from './history/log.ts';
import { countedLog } from './live/counted-log.ts';
import { Counting } from './live/counts.ts';
import type { LiveCounts } from './live/counts-object.ts';
import { COUNTS_KEY, type CountsTable, readTable } from './live/counts-table.ts';
import { Gatherer } from './live/gatherer.ts';
import { Published } from './live/published.ts';
import { judgingLog } from './outcomes/judging-log.ts';
import { type Coverage, OutcomeCounting } from './outcomes/outcomes.ts';
import type { Outcomes } from './outcomes/outcomes-object.ts';
import type { Judged } from './outcomes/served.ts';
import type { OutcomeServices } from './outcomes/services.ts';
import { Variants } from './outcomes/variants.ts';

export interface LiveBindings {
  CATALOGUE: DurableObjectNamespace<LiveCatalogue>;
  COUNTS: DurableObjectNamespace<LiveCounts>;
  OUTCOMES: DurableObjectNamespace<Outcomes>;
  LIVE: KVNamespace;
  VARIANTS: string;
}

export interface SinceTraining {
  catalogue: LiveCopy;
  counts: Published<CountsTable>;
  /** The log, with its appends counted and its users' lists judged. */
  log: HistoryLog;
  outcomes: OutcomeServices;
}

export interface SinceTrainingOptions {
  log: HistoryLog;
  /** Keeps work running after the answer. */
  waitUntil(work: Promise<unknown>): void;
  /** What types of events mean to the model; live counts heed it. */
  meaning(): Promise<EventMeaning | undefined>;
  /** Called for each list of which it is known what became. */
  judged(list: Judged): void;
  /** Called with what all isolates' lists have shown, for those makers of which this isolate judged lists. */
  covered(coverage: readonly Coverage[]): void;
}

export function sinceTraining(
  bindings: LiveBindings,
  { log, waitUntil, meaning, judged, covered }: SinceTrainingOptions,
): SinceTraining {
  const truth = new DurableTruth(bindings.CATALOGUE);
  const catalogue = new LiveCopy(
    truth,
    new Published(bindings.LIVE, CATALOGUE_KEY, {
      parse: catalogueSnapshot,
      waitUntil,
      onUnusable: () => truth.republish(),
    }),
  );
  const counts = new Published(bindings.LIVE, COUNTS_KEY, { parse: readTable, waitUntil });

  const counting = new Counting();
  const gatherer = new Gatherer({
    name: 'live_counts',
    take: () => counting.take(),
    send: (batch) => bindings.COUNTS.getByName('counts').add(batch),
    waitUntil,
  });

  const outcomeCounting = new OutcomeCounting();
  const outcomesObject = () => bindings.OUTCOMES.getByName('outcomes');
  const outcomeGatherer = new Gatherer({
    name: 'outcomes',
    take: () => outcomeCounting.take(),
    send: async (batch) => covered(await outcomesObject().add(batch)),
    waitUntil,
  });
  const judge = (list: Judged, bucket: number) => {
    outcomeCounting.judge(list, bucket);
    outcomeGatherer.gathered();
    judged(list);
  };

  return {
    catalogue,
    counts,
    log: countedLog(judgingLog(log, judge), { counting, meaning, gathered: () => gatherer.gathered() }),
    outcomes: {
      variants: new Variants(bindings.VARIANTS),
      told(...told) {
        outcomeCounting.told(...told);
        outcomeGatherer.gathered();
      },
      totals: async () => outcomesObject().totals(),
      clear: async () => outcomesObject().clear(),
    },
  };
}
