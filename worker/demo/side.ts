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

/** A list and its cost, from either side. */
export type UserList = RecommendationList<UserCache>;

/** Films per list. */
export const LIST_LENGTH = 10;

export interface Side {
  readonly name: 'server' | 'device';
  /** Where the model runs, in words. */
  readonly where: string;
  /** The visitor's history, oldest first. */
  history(): Promise<Interaction[]>;
  /** The list for the current history. */
  list(): Promise<UserList>;
  /** Adds to the history and returns the new list. Safe to repeat with the same key. */
  add(seen: Interaction, key: string): Promise<UserList>;
  find(query: string, limit: number, signal: AbortSignal): Promise<Film[]>;
  film(id: string): Promise<Film | undefined>;
  /** Deletes everything about the visitor. */
  forget(): Promise<void>;
}
