/**
 * The way of a log's events out of its object: a transactional outbox. What was sent is noted after the queue
 * has taken it, so each event is sent at least once, also when the object ends in between.
 */
import type { OutboxRecord } from './record.ts';

/** Events per message. With the longest ids they take half of the 128 KB that a message may have. */
const BATCH = 100;
/** Until the next attempt, when the queue takes nothing. */
const RETRY_MS = 30_000;

/** The part of a queue that is used here. */
export interface OutboxQueue {
  send(message: OutboxRecord[]): Promise<unknown>;
}

type Row = {
  position: number;
  item: string;
  timestamp: number | null;
  type: string | null;
  stored: number | null;
};

export class Outbox {
  private readonly storage: DurableObjectStorage;
  private readonly queue: OutboxQueue;
  private readonly user: string;
  private running: Promise<void> | undefined;

  constructor(storage: DurableObjectStorage, queue: OutboxQueue, user: string) {
    this.storage = storage;
    this.queue = queue;
    this.user = user;
  }

  /** Sends what was not sent yet. Never rejects: an alarm tries again. */
  drain(epoch: () => string): Promise<void> {
    this.running ??= this.send(epoch).finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Tells that the user was deleted. @throws when the queue does not take it */
  async erase(epoch: string): Promise<void> {
    await this.queue.send([{ user: this.user, epoch, erased: true }]);
  }

  private async send(epoch: () => string): Promise<void> {
    const { sql } = this.storage;
    try {
      sql.exec('CREATE TABLE IF NOT EXISTS outbox (sent INTEGER NOT NULL)');
      for (;;) {
        const [{ sent }] = sql.exec<{ sent: number }>('SELECT coalesce(max(sent), 0) AS sent FROM outbox');
        const rows = sql
          .exec<Row>(
            'SELECT position, item, timestamp, type, stored FROM interaction WHERE position > ? ORDER BY position LIMIT ?',
            sent,
            BATCH,
          )
          .toArray();
        if (rows.length === 0) return;
        const log = epoch();
        await this.queue.send(rows.map((row) => this.record(row, log)));
        // Deleted and begun anew while the queue took it: this note is not of the new log.
        if (epoch() !== log) return;
        sql.exec('DELETE FROM outbox');
        sql.exec('INSERT INTO outbox VALUES (?)', rows.at(-1)!.position);
      }
    } catch (error) {
      console.error(JSON.stringify({ level: 'error', event: 'outbox_failed', error: String(error) }));
      const next = await this.storage.getAlarm();
      const retry = Date.now() + RETRY_MS;
      if (next === null || next > retry) await this.storage.setAlarm(retry);
    }
  }

  private record({ position, item, timestamp, type, stored }: Row, epoch: string): OutboxRecord {
    return {
      ...{ user: this.user, epoch, position, item, stored: stored ?? 0 },
      ...(timestamp !== null && { time: timestamp }),
      ...(type !== null && { type }),
    };
  }
}
