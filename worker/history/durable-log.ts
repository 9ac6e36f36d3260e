import type { Event } from './event.ts';
import { onceOf } from './idempotency.ts';
import type { Appended, HistoryLog, LogPage, Snapshot } from './log.ts';
import { HistoryUnavailable, IdempotencyConflict, UserErased } from './log.ts';
import type { UserHistory } from './user-history.ts';

/** The log behind the Durable Object binding: one object per user, named by the user's id. */
export class DurableLog implements HistoryLog {
  private readonly objects: DurableObjectNamespace<UserHistory>;

  constructor(objects: DurableObjectNamespace<UserHistory>) {
    this.objects = objects;
  }

  async append(user: string, events: Event[], key?: string): Promise<Appended> {
    const once = key === undefined ? undefined : await onceOf(key, events);
    const appended = await this.ask(user, (log) => log.append(events, once));
    if (appended.outcome === 'conflict') {
      throw new IdempotencyConflict(`key ${key} was used with other events`);
    }
    if (appended.outcome === 'erased')
      throw new UserErased(`key ${key} was used before the user was deleted`);
    return appended;
  }

  async read(user: string): Promise<Snapshot> {
    const { epoch, items } = await this.ask(user, (log) => log.read());
    return { epoch, events: items.map((item) => ({ item })) };
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
      if (isOurMistake(cause)) throw cause;
      throw new HistoryUnavailable('the history of interactions can not be reached', { cause });
    }
  }
}

/**
 * Whether the object's own code threw: that is a bug, and trying again does not help. Cloudflare marks such
 * errors `remote`, and failures of its infrastructure `retryable` or `overloaded`.
 * @see https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
 */
function isOurMistake(error: unknown): boolean {
  const { remote, retryable, overloaded } = error as Record<string, unknown>;
  return remote === true && retryable !== true && overloaded !== true;
}
