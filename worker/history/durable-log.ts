import type { Served } from '../outcomes/served.ts';
import type { Event } from './event.ts';
import { onceOf } from './idempotency.ts';
import type {
  Appended,
  AppendedTail,
  Head,
  HistoryLog,
  Kept,
  Known,
  LogPage,
  Merged,
  Place,
  Seen,
  Stretch,
  Tail,
} from './log.ts';
import { HistoryUnavailable, IdempotencyConflict, MergeUnderWay, TAIL_EVENTS, UserErased } from './log.ts';
import type { UserHistory } from './user-history.ts';

/** The log behind the Durable Object binding: one object per user, named by the user's id. */
export class DurableLog implements HistoryLog {
  private readonly objects: DurableObjectNamespace<UserHistory>;

  constructor(objects: DurableObjectNamespace<UserHistory>) {
    this.objects = objects;
  }

  async append(user: string, events: Event[], key?: string, seen?: Seen): Promise<Appended> {
    const once = key === undefined ? undefined : await onceOf(key, events);
    const appended = await this.ask(user, (log) => log.append(events, once, seen));
    rejectRefused(appended.outcome, key);
    return appended;
  }

  tail(user: string, known?: Known): Promise<Tail> {
    return this.ask(
      user,
      (log) => log.readTail(known),
      (log) => oldTail(log),
    );
  }

  async appendAndTail(
    user: string,
    events: Event[],
    key?: string,
    known?: Known,
    seen?: Seen,
  ): Promise<AppendedTail> {
    const once = key === undefined ? undefined : await onceOf(key, events);
    const { outcome, judged, preceding, tail } = await this.ask(
      user,
      (log) => log.appendAndTail(events, once, known, seen),
      async (log) => ({ ...(await log.append(events, once, seen)), tail: await oldTail(log) }),
    );
    rejectRefused(outcome, key);
    return { ...tail, outcome, ...(judged && { judged }), ...(preceding && { preceding }) };
  }

  stretch(user: string, head: Head, after: number, proof: number): Promise<Stretch | null> {
    return this.ask(
      user,
      (log) => log.stretch(head, after, proof),
      async (log) => {
        const { epoch, items } = await log.read();
        if (epoch !== head.epoch || items.length < head.total) return null;
        return { events: items.slice(after, head.total).map((item) => ({ item })), proof: null };
      },
    );
  }

  async page(user: string, limit: number, before: number | null): Promise<LogPage> {
    const page = await this.ask(user, (log) => log.page(limit, before));
    return { ...page, epoch: page.epoch ?? '' }; // older code does not say it
  }

  async takeBack(user: string, place: Place): Promise<boolean> {
    const outcome = await this.ask(user, (log) => log.takeBack(place), tooOld);
    if (outcome === 'leaving') throw new MergeUnderWay('the log goes into another user’s');
    return outcome === 'taken_back';
  }

  async merge(user: string, from: string): Promise<Merged> {
    for (let [merged, after] = [0, 0]; ; ) {
      const { outcome, log, events } = await this.ask(from, (other) => other.handOver(user, after), tooOld);
      if (outcome === 'elsewhere') throw new MergeUnderWay('the log goes into another user’s');
      if (outcome === 'gone') return { merged, length: (await this.length(user)).length };
      if (events.length === 0) {
        await this.ask(from, (other) => other.leave(log, after), tooOld);
        continue;
      }
      const taken = await this.ask(user, (own) => own.takeIn({ outcome, log, events }), tooOld);
      if (taken.outcome === 'erased') throw new UserErased('the user was deleted after a part had come');
      merged += taken.merged;
      after = events.at(-1)!.position;
    }
  }

  async serve(user: string, list: Served, { epoch, total }: Pick<Head, 'epoch' | 'total'>): Promise<Kept> {
    const kept: Kept | undefined = await this.ask(
      user,
      (log) => log.serve(list, { epoch, total }),
      async () => undefined, // older code keeps none
    );
    return kept ?? this.length(user); // or does not say
  }

  length(user: string): Promise<{ epoch: string; length: number }> {
    return this.ask(user, (log) => log.length());
  }

  clear(user: string): Promise<void> {
    return this.ask(user, (log) => log.clear());
  }

  /**
   * During a gradual deployment the object may still run code from before `call`'s method; then `old` is
   * asked instead.
   * @see https://developers.cloudflare.com/workers/configuration/versions-and-deployments/gradual-deployments/
   */
  private async ask<T>(user: string, call: Call<T>, old?: Call<T>): Promise<T> {
    try {
      return await call(this.objects.getByName(user));
    } catch (cause) {
      if (old && isMissingMethod(cause)) return this.ask(user, old);
      if (isOurMistake(cause)) throw cause;
      throw new HistoryUnavailable('the history of interactions can not be reached', { cause });
    }
  }
}

type Call<T> = (log: DurableObjectStub<UserHistory>) => Promise<T>;

function rejectRefused(outcome: Appended['outcome'], key: string | undefined): void {
  if (outcome === 'conflict') throw new IdempotencyConflict(`key ${key} was used with other events`);
  if (outcome === 'erased') throw new UserErased(`key ${key} was used before the user was deleted`);
}

/** An object of older code can't do it; the deployment will reach it. */
async function tooOld(): Promise<never> {
  throw new Error('the object runs code of before');
}

/** From an object without chain digests. No state can be told to fit them, so none is used or kept. */
async function oldTail(log: DurableObjectStub<UserHistory>): Promise<Tail> {
  const { epoch, items } = await log.read();
  const events = items.slice(-TAIL_EVENTS).map((item) => ({ item }));
  const digests = events.map(() => null);
  return { epoch, total: items.length, dropped: 0, digest: null, events, digests };
}

/** What workerd says of a method that the object's class does not have. */
function isMissingMethod(error: unknown): boolean {
  return error instanceof TypeError && error.message.startsWith('The RPC receiver does not implement');
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
