/** Sends histories so that every interaction is stored exactly once, also after interruptions. */
import { hash } from 'node:crypto';
import type { Interaction } from '../../worker/http/schemas/users.ts';
import { MOST_INTERACTIONS } from '../../worker/http/schemas/users.ts';
import { DataError, quote } from '../data/errors.ts';
import type { Histories, History } from './histories.ts';
import type { ProgressFile } from './progress-file.ts';
import type { Service } from './service.ts';

export interface Import {
  histories: Histories;
  progress: ProgressFile;
  service: Service;
  /** Users to send at the same time. */
  concurrency: number;
  /** Called with the number of interactions that were just stored. */
  onStored(count: number): void;
}

export interface Outcome {
  /** Interactions that this run sent. */
  sent: number;
  /** Interactions that were stored before. */
  skipped: number;
}

/**
 * Interactions of the file that an earlier run stored.
 * @throws {DataError} when the file does not begin with what was sent: a log only grows at its end
 */
export function storedBefore({ histories, progress }: Pick<Import, 'histories' | 'progress'>): number {
  let count = 0;
  for (const { user, items } of histories) {
    const { stored, doubt } = progress.of(user);
    for (const part of [stored, doubt]) {
      if (part === undefined || digestOf(user, 0, items.slice(0, part.to)) === part.digest) continue;
      throw new DataError(
        `the first ${part.to} interactions of user ${quote(user)} are not those that were sent ` +
          `(${progress.path}); a log takes new interactions at its end only`,
      );
    }
    count += stored?.to ?? 0;
  }
  return count;
}

/**
 * @throws {DataError} when a request is refused or not answered for minutes; what was answered until then is
 * kept
 */
export async function sendAll(task: Import): Promise<Outcome> {
  const outcome: Outcome = { sent: 0, skipped: 0 };
  const queue = task.histories[Symbol.iterator]();
  let stopped = false;
  const work = async () => {
    // Workers share one iterator. When one fails, the others finish their current batch.
    for (const history of queue) {
      if (stopped) return;
      await sendHistory(task, history, outcome, () => stopped);
    }
  };
  const workers = Array.from({ length: task.concurrency }, () =>
    work().catch((error) => {
      stopped = true;
      throw error;
    }),
  );
  for (const { status, ...rest } of await Promise.allSettled(workers)) {
    if (status === 'rejected') throw (rest as PromiseRejectedResult).reason;
  }
  return outcome;
}

/** Sends one user's batches, one after the other. */
async function sendHistory(
  { progress, service, onStored }: Import,
  { user, items }: History,
  outcome: Outcome,
  stopped: () => boolean,
): Promise<void> {
  const before = progress.of(user);
  let doubt = before.doubt;
  let from = before.stored?.to ?? 0;
  let length = before.stored?.length ?? doubt?.after;
  outcome.skipped += from;
  while (from < items.length && !stopped()) {
    const to = doubt?.to ?? Math.min(from + MOST_INTERACTIONS, items.length);
    const batch = items.slice(from, to);
    const digest = digestOf(user, 0, items.slice(0, to));
    // The service forgets idempotency keys after a day, so look into the log first.
    const found = doubt && endOf(batch, await service.logOf(user), doubt.after);
    doubt = undefined;
    if (found !== undefined) {
      length = found;
      await progress.stored({ stored: user, to, digest, length, unknown_items: null });
      outcome.skipped += batch.length;
    } else {
      length ??= await service.lengthOf(user);
      await progress.sending({ sending: user, to, digest, after: length });
      const answer = await service.append(user, batch, digestOf(user, from, batch));
      length = answer.length;
      await progress.stored({ stored: user, to, digest, ...answer });
      outcome.sent += batch.length;
    }
    onStored(batch.length);
    from = to;
  }
}

/**
 * The length of the log up to the end of the batch, searched behind the first `after` entries; undefined when
 * the batch is not there. A batch is stored whole or not at all.
 */
function endOf(batch: Interaction[], log: Interaction[], after: number): number | undefined {
  const same = (a: Interaction, b: Interaction) => a.id === b.id && a.timestamp === b.timestamp;
  for (let start = after; start + batch.length <= log.length; start++) {
    if (batch.every((each, index) => same(each, log[start + index]))) return start + batch.length;
  }
  return undefined;
}

/** Identifies a user's interactions from position `from` on, in every run alike. */
function digestOf(user: string, from: number, items: Interaction[]): string {
  return hash('sha256', JSON.stringify([user, from, items]));
}
