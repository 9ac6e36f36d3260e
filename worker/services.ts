import type { StateCache } from './cache/state-cache.ts';
import type { HistoryLog } from './history/log.ts';
import type { ModelHost } from './model-host.ts';

/** What the routes work with. */
export interface Services {
  host: ModelHost;
  log: HistoryLog;
  cache: StateCache;
}
