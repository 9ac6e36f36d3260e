/** Where the model runs, as the page sees it: in the Worker or in this browser. Both answer alike. */
import type { RecommendationList } from '../recommend/recommend.ts';
import type { UserCache } from '../recommend/user-states.ts';

/** An interaction as the API has it. */
export interface Interaction {
  id: string;
  timestamp?: number;
}

export interface Film {
  id: string;
  title: string;
}

/** A list and what it cost, whichever side made it. */
export type UserList = RecommendationList<UserCache>;

/** Films in a list. */
export const LIST_LENGTH = 10;

export interface Side {
  readonly name: 'server' | 'device';
  /** Where the model runs, in words. */
  readonly where: string;
  /** What the visitor has seen, oldest first. */
  history(): Promise<Interaction[]>;
  /** The list for the history as it is. */
  list(): Promise<UserList>;
  /** Adds to the history, then the list. Safe to repeat with the same key. */
  add(seen: Interaction, key: string): Promise<UserList>;
  find(query: string, limit: number, signal: AbortSignal): Promise<Film[]>;
  film(id: string): Promise<Film | undefined>;
  /** Leaves nothing of the visitor behind. */
  forget(): Promise<void>;
}
