/** What the page asks of `device.ts`, and how the two talk. */
import type { Played, Setting } from './play.ts';
import type { Category, Film, ListOptions, UserList } from './side.ts';

/** With the milliseconds that the engine took, and those that it takes with nothing remembered. */
export interface DeviceList extends UserList {
  ms: number;
  cold_ms: number;
}

export interface DeviceApi {
  /** Fetches and verifies the model; does nothing the second time. */
  load(): Promise<void>;
  /** Item ids, oldest first. */
  recommend(items: string[], options: ListOptions): Promise<DeviceList>;
  find(query: string, limit: number): Promise<Film[]>;
  similar(id: string, k: number): Promise<Film[]>;
  film(id: string): Promise<Film | undefined>;
  categories(): Promise<Category[]>;
  /** Experiments: in WASM alone. */
  play(setting: Setting): Promise<Played>;
  /** Fetches the decoder without EARN, which further experiments compare with. */
  compare(): Promise<void>;
  forget(): Promise<void>;
}

export interface Call<M extends keyof DeviceApi = keyof DeviceApi> {
  id: number;
  method: M;
  args: Parameters<DeviceApi[M]>;
}

export type Reply =
  | { id: number; result: unknown }
  | { id: number; error: string }
  /** Bytes of model and runtime that have arrived. */
  | { loaded: number; total: number };
