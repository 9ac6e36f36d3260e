/** What has been said and done since the training, as the pipeline sees it. */
import type { Rule } from '../rules/rule.ts';

export interface LiveView {
  /** Of the live catalogue; 0 while nothing was said. */
  version: number;
  /** The newest live catalogue could not be read: what was read before it holds, or the trained one. */
  degraded: boolean;
  /** All rules, whether or not they hold now. */
  rules: readonly Rule[];
  /** Version of the live counts; 0 while nothing was counted. */
  counts: number;
  /** Log of each item's share of the last day's events; undefined while there were none. */
  trending?: Float64Array;
}
