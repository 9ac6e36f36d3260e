import type { PublishedCounts } from '../../../worker/live/counts-table.ts';

/** What the bench asks of the Worker in `service.ts`, by POST to `/bench`. */
export type GrowthCall =
  | { do: 'fill'; user: string; items: string[]; events: number }
  | { do: 'distance'; log: number; store: number }
  /** The cache begins empty, as in another isolate. */
  | { do: 'forget' }
  /** Another isolate beside the first, for requests whose header `X-Isolate` has its name. */
  | { do: 'isolate'; name: string; counts?: PublishedCounts }
  | { do: 'memory' }
  /** `fresh` newest items of each history are to be prefilled on top of the others' state. */
  | { do: 'prepare'; histories: string[][]; fresh: number }
  | { do: 'engine'; from: number; to: number }
  /** What a list with new items asks of the user's object and of the store, and nothing else. */
  | { do: 'calls'; user: string; items: string[]; bytes: number };
