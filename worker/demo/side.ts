/** Where the model runs, as the page sees it: in the Worker or in this browser. Both answer alike. */
import type { ListedItem, RecommendationList } from '../recommend/recommend.ts';
import type { UserCache } from '../recommend/user-states.ts';

/** An interaction as the API has it. */
export interface Interaction {
  id: string;
  /** Seconds since 1970. */
  timestamp: number;
}

export interface Film {
  id: string;
  title: string;
  categories: string[];
  /** Further facts; `image` is the address of a picture. */
  properties?: Record<string, unknown>;
}

/** What may be asked of a list. */
export interface ListOptions {
  k: number;
  /** Ids that must not be in it. */
  exclude: string[];
  /** Only films of one of these; of any when empty. */
  categories: string[];
  /** Properties that each film of the answer brings. */
  return: string[];
}

/** A list and its cost, from either side. */
export type UserList = RecommendationList<UserCache>;
export type { ListedItem };

export interface Category {
  name: string;
  items: number;
}

export interface Side {
  readonly name: 'server' | 'device';
  /** Where the model runs, in words. */
  readonly where: string;
  /** The list after this history, oldest first. Safe to repeat. */
  list(history: readonly Interaction[], options: ListOptions): Promise<UserList>;
  /** Films for these words, or the most popular ones without any. */
  find(query: string, limit: number, signal?: AbortSignal): Promise<Film[]>;
  similar(id: string, k: number): Promise<Film[]>;
  film(id: string): Promise<Film | undefined>;
  categories(): Promise<Category[]>;
  /** Deletes what is kept of the visitor. Never waits for a connection. */
  forget(): Promise<void>;
}
