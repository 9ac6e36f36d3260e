/** What has been said and done since the training, as the pipeline sees it. */
import type { Rule } from '../rules/rule.ts';
import type { Trending } from './trending.ts';

export interface LiveView {
  /** Of the live catalogue; 0 while nothing was said. */
  version: number;
  /** The newest live catalogue could not be read: what was read before it holds, or the trained one. */
  degraded: boolean;
  /** All rules, whether or not they hold now. */
  rules: readonly Rule[];
  /** Version of the live counts; 0 while nothing was counted. */
  counts: number;
  /** What was taken in the last day; undefined while nothing was. */
  trending?: Trending;
}
