/**
 * What is measured: a model answers for users with so many items, so many of them new, with so wide a beam.
 */
import type { RankerName } from '../../worker/models/manifest.ts';

/** What someone would do without EARN: `peers/` has both. */
export const PEERS = ['usual', 'sasrec'] as const;
export type PeerName = (typeof PEERS)[number];

/**
 * Folders of the models that the bench Worker loads: EARN; the same decoder without it; that with codes in
 * the last layers alone, where EARN's codes run fewer layers than there are after k; and the peers.
 */
export type ModelFolder = 'earn' | 'full' | 'late' | PeerName;

export interface Scenario {
  variant: string;
  model: ModelFolder;
  ranker: RankerName;
  /** Items behind each user. */
  history: number;
  /** How many of them came since the cached state; null when there is none. */
  fresh: number | null;
  beam: number;
}

/** `empty` does nothing: what the call itself costs. `answer` is everything, the others its parts. */
export type Part = 'empty' | 'answer' | 'prefill' | 'search' | 'decode' | 'coding';

/** Item indices, oldest first; one list a user. */
export type Users = number[][];

/** What the bench Worker takes. */
export type Call =
  | { do: 'load'; model: ModelFolder }
  | { do: 'prepare'; scenario: Scenario; users: Users }
  | { do: 'run'; scenario: Scenario; part: Part }
  | { do: 'first'; scenario: Scenario; user: number[] }
  | { do: 'peak'; rows: number; width: number; times: number };

export interface Prepared {
  /** Those that the scenario has. */
  parts: Part[];
  /** Of the first user's state as it is stored; 0 where nothing is. */
  stateBytes: number;
  /** Rows of each of the first user's decode steps. */
  decodeRows: number[];
}

const BEAMS = [10, 20, 50];
const HISTORIES = [10, 50, 200, 400, 1000];

/** The variants of the table, for histories of at most `longest` items; `late`: with that decoder. */
export function scenarios(longest: number, late: boolean): Scenario[] {
  return HISTORIES.filter((history) => history <= longest).flatMap((history) => {
    const of = (variant: string, model: ModelFolder, fresh: number | null, beam = 20): Scenario => ({
      variant,
      model,
      ranker: variant === 'latent' || variant === 'hybrid' ? variant : 'beam',
      history,
      fresh,
      beam,
    });
    return [
      ...BEAMS.flatMap((beam) => [
        of('full', 'full', null, beam),
        of('cold', 'earn', null, beam),
        ...[1, 3, 10].filter((fresh) => fresh < history).map((fresh) => of('warm', 'earn', fresh, beam)),
        of('same', 'earn', 0, beam),
      ]),
      of('full with state', 'full', 3),
      ...(late ? [of('late with state', 'late', 3)] : []),
      of('latent', 'earn', 3),
      of('hybrid', 'earn', 3),
      ...PEERS.map((peer) => of(peer, peer, null)),
    ];
  });
}
