/** Sends histories so that every interaction is stored exactly once, also after interruptions. */
import { hash } from 'node:crypto';
import type { Interaction } from '../../worker/http/schemas/users.ts';
import { MOST_INTERACTIONS } from '../../worker/http/schemas/users.ts';
import type { Histories, History } from './histories.ts';
import type { ProgressFile, UserProgress } from './progress-file.ts';
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
  /** Of those sent, interactions with newer ones of their user before them in the log. */
  late: number;
}

/** Interactions of the file that an earlier run stored, but for those of users with late rows. */
export async function storedBefore({
  histories,
  progress,
}: Pick<Import, 'histories' | 'progress'>): Promise<number> {
  let count = 0;
  for await (const history of histories) {
    const { stored } = progress.of(history.user);
    if (stored && beginsAsSent(history, progress.of(history.user))) count += stored.to;
  }
  return count;
}

/** Whether the user's interactions begin with those that were sent. Not so when a row came late. */
function beginsAsSent({ user, items }: History, { stored, doubt }: UserProgress): boolean {
  return [stored, doubt].every(
    (part) => part === undefined || digestOf(user, 0, items.slice(0, part.to)) === part.digest,
  );
}

/**
 * @throws {DataError} when a request is refused or not answered for minutes; what was answered until then is
 * kept
 */
export async function sendAll(task: Import): Promise<Outcome> {
  const outcome: Outcome = { sent: 0, skipped: 0, late: 0 };
  const queue = task.histories[Symbol.asyncIterator]();
  let stopped = false;
  const work = async () => {
    // Workers share one iterator. When one fails, the others finish their current batch.
    for await (const history of queue) {
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
  task: Import,
  { user, items }: History,
  outcome: Outcome,
  stopped: () => boolean,
): Promise<void> {
  const { progress, service, onStored } = task;
  const before = progress.of(user);
  if (!beginsAsSent({ user, items }, before)) return sendMissing(task, { user, items }, outcome, stopped);
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
 * Sends what the user's log lacks, where a row that came late stands between those that were sent: a log
 * takes new interactions at its end only.
 */
async function sendMissing(
  { progress, service, onStored }: Import,
  { user, items }: History,
  outcome: Outcome,
  stopped: () => boolean,
): Promise<void> {
  const log = await service.logOf(user);
  const missing = without(items, log);
  outcome.skipped += items.length - missing.length;
  onStored(items.length - missing.length);
  let { length } = log;
  for (let from = 0; from < missing.length && !stopped(); from += MOST_INTERACTIONS) {
    const batch = missing.slice(from, from + MOST_INTERACTIONS);
    // The log itself says after an interruption what is missing, so no line is noted before the batch.
    const answer = await service.append(user, batch, digestOf(user, length, batch));
    length = answer.length;
    progress.note(answer);
    outcome.sent += batch.length;
    onStored(batch.length);
  }
  if (stopped()) return;
  const newest = log.reduce((time, each) => Math.max(time, each.timestamp ?? -Infinity), -Infinity);
  outcome.late += missing.filter(({ timestamp = Infinity }) => timestamp < newest).length;
  const digest = digestOf(user, 0, items);
  await progress.stored({ stored: user, to: items.length, digest, length, unknown_items: [] });
}

/** The interactions that the log does not have; one that occurs twice must be in the log twice. */
function without(items: Interaction[], log: Interaction[]): Interaction[] {
  const counts = new Map<string, number>();
  const keyOf = ({ id, timestamp, type }: Interaction) => JSON.stringify([id, timestamp, type]);
  for (const each of log) counts.set(keyOf(each), (counts.get(keyOf(each)) ?? 0) + 1);
  return items.filter((each) => {
    const count = counts.get(keyOf(each)) ?? 0;
    counts.set(keyOf(each), count - 1);
    return count <= 0;
  });
}

/**
 * The length of the log up to the end of the batch, searched behind the first `after` entries; undefined when
 * the batch is not there. A batch is stored whole or not at all.
 */
function endOf(batch: Interaction[], log: Interaction[], after: number): number | undefined {
  const same = (a: Interaction, b: Interaction) =>
    a.id === b.id && a.timestamp === b.timestamp && a.type === b.type;
  for (let start = after; start + batch.length <= log.length; start++) {
    if (batch.every((each, index) => same(each, log[start + index]))) return start + batch.length;
  }
  return undefined;
}

/** Identifies a user's interactions from position `from` on, in every run alike. */
function digestOf(user: string, from: number, items: Interaction[]): string {
  return hash('sha256', JSON.stringify([user, from, items]));
}
