/** The model in the Worker, which keeps the visitor's log and state. */
import { AskError, ask } from './ask.ts';
import { eraseFormer, exclusively, forgetMirror, listAfter } from './mirror.ts';
import type { Category, Film, Interaction, ListOptions, Side, UserList } from './side.ts';

export class ServerSide implements Side {
  readonly name = 'server';
  readonly where = 'the Worker';

  async list(history: readonly Interaction[], options: ListOptions): Promise<UserList> {
    const list = await exclusively(() => listAfter(history, options));
    await exclusively(eraseFormer);
    return list;
  }

  async find(query: string, limit: number, signal?: AbortSignal): Promise<Film[]> {
    const search = new URLSearchParams({ q: query, limit: String(limit) });
    return (await ask<{ items: Film[] }>(`/v1/items?${search}`, { signal })).items;
  }

  async similar(id: string, k: number): Promise<Film[]> {
    return (await ask<{ items: Film[] }>(`/v1/items/${encodeURIComponent(id)}/similar?k=${k}&return=image`))
      .items;
  }

  film(id: string): Promise<Film | undefined> {
    return ask<Film>(`/v1/items/${encodeURIComponent(id)}`).catch((error) => {
      if (error instanceof AskError) return undefined; // no longer in the catalogue
      throw error;
    });
  }

  async categories(): Promise<Category[]> {
    return (await ask<{ categories: Category[] }>('/v1/categories')).categories;
  }

  /** Deletes what should have been deleted during an outage. */
  settle(): Promise<void> {
    return exclusively(eraseFormer);
  }

  forget(): Promise<void> {
    return exclusively(forgetMirror);
  }
}
