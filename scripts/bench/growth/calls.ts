/** What the bench asks of the Worker in `service.ts`, by POST to `/bench`. */
export type GrowthCall =
  | { do: 'fill'; user: string; items: string[]; events: number }
  | { do: 'distance'; log: number; store: number }
  /** The cache begins empty, as in another isolate. */
  | { do: 'forget' }
  | { do: 'memory' }
  /** `fresh` newest items of each history are to be prefilled on top of the others' state. */
  | { do: 'prepare'; histories: string[][]; fresh: number }
  | { do: 'engine'; from: number; to: number };
