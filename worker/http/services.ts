import type { Access } from '../access/access.ts';
import type { StateCache } from '../cache/state-cache.ts';
import type { LiveCopy } from '../catalogue/live-copy.ts';
import type { HistoryLog } from '../history/log.ts';
import type { Models } from '../models/rollout.ts';
import type { RequestFacts } from '../observe/facts.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Bucket } from '../outbox/archive.ts';
import type { OutcomeServices } from '../outcomes/services.ts';
import type { Visits } from '../recommend/visits.ts';
import type { Admission } from './admission.ts';
import type { Limits } from './limits.ts';

/** What the routes work with. */
export interface Services {
  /** Who may use them. */
  access: Access;
  /** What is said of items while a model serves. */
  catalogue: LiveCopy;
  /** What becomes of lists, and the ways to make them that are held against each other. */
  outcomes: OutcomeServices;
  models: Models;
  log: HistoryLog;
  /** What lists leave to be written. */
  visits: Visits;
  /** What leaves the logs, where the deployment has an outbox. */
  archive?: Bucket;
  cache: StateCache;
  /** How much each caller may ask for. */
  limits: Limits;
  /** Which requests are taken in. */
  admission: Admission;
  /** Origins whose pages may read answers, separated by blanks. */
  origins: string;
  /** This isolate's counters. */
  metrics: Metrics;
  /** Takes the facts of each answered request to where people look at them. */
  report(facts: RequestFacts): void;
}
