import type { Appended, HistoryLog, Interaction, LogPage, Snapshot } from './log.ts';
import { HistoryUnavailable, IdempotencyConflict } from './log.ts';
import type { UserHistory } from './user-history.ts';

/** The log behind the Durable Object binding: one object a user, found by the user's id as it is. */
export class DurableLog implements HistoryLog {
  private readonly objects: DurableObjectNamespace<UserHistory>;

  constructor(objects: DurableObjectNamespace<UserHistory>) {
    this.objects = objects;
  }

  async append(user: string, items: Interaction[], key?: string): Promise<Appended> {
    const appended = await this.ask(user, (log) => log.append(items, key));
    if (appended.outcome === 'conflict')
      throw new IdempotencyConflict(`key ${key} was used with other items`);
    return appended;
  }

  read(user: string): Promise<Snapshot> {
    return this.ask(user, (log) => log.read());
  }

  page(user: string, limit: number, before: number | null): Promise<LogPage> {
    return this.ask(user, (log) => log.page(limit, before));
  }

  length(user: string): Promise<{ epoch: string; length: number }> {
    return this.ask(user, (log) => log.length());
  }

  clear(user: string): Promise<void> {
    return this.ask(user, (log) => log.clear());
  }

  private async ask<T>(user: string, call: (log: DurableObjectStub<UserHistory>) => Promise<T>): Promise<T> {
    try {
      return await call(this.objects.getByName(user));
    } catch (cause) {
      throw new HistoryUnavailable('the history of interactions can not be reached', { cause });
    }
  }
}
