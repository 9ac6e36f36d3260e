/** The model in the Worker, which keeps the visitor's log and state. */
import { ask } from './ask.ts';
import { type Film, type Interaction, LIST_LENGTH, type Side, type UserList } from './side.ts';
import { remember, visitor } from './visitor.ts';

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** Most interactions per page. */
const PAGE = '1000';

export class ServerSide implements Side {
  readonly name = 'server';
  readonly where = 'the Worker';

  async history(): Promise<Interaction[]> {
    const newest: Interaction[] = [];
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ limit: PAGE, ...(cursor !== null && { cursor }) });
      const page: Page<Interaction> = await ask(`${userPath()}/interactions?${query}`);
      newest.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null);
    const log = newest.reverse();
    remember({ log });
    return log;
  }

  list(): Promise<UserList> {
    return ask(`${userPath()}/recommendations?k=${LIST_LENGTH}`);
  }

  /** Appends and recommends in one request. Its key makes a repeated request append nothing. */
  async add(seen: Interaction, key: string): Promise<UserList> {
    const list: UserList = await ask(`${userPath()}/recommendations`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
      body: JSON.stringify({ items: [seen], k: LIST_LENGTH }),
    });
    remember({ log: [...visitor().log, seen] });
    return list;
  }

  async find(query: string, limit: number, signal: AbortSignal): Promise<Film[]> {
    const search = new URLSearchParams({ q: query, limit: String(limit) });
    const { items }: Page<Film> = await ask(`/v1/items?${search}`, { signal });
    return items;
  }

  film(id: string): Promise<Film | undefined> {
    return ask<Film>(`/v1/items/${encodeURIComponent(id)}`).catch(() => undefined); // newer than the model
  }

  forget(): Promise<void> {
    return ask(userPath(), { method: 'DELETE' });
  }
}

function userPath(): string {
  return `/v1/users/${visitor().user}`;
}
