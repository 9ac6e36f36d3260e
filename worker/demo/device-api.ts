/** What the page asks of `device.ts`, and how the two talk. */
import type { Film, UserList } from './side.ts';

export interface DeviceApi {
  /** Fetches and verifies the model; does nothing the second time. */
  load(): Promise<void>;
  /** Item ids, oldest first. `epoch` identifies the history that they belong to. */
  recommend(epoch: string, items: string[], k: number): Promise<UserList>;
  find(query: string, limit: number): Promise<Film[]>;
  film(id: string): Promise<Film | undefined>;
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
