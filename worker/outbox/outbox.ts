/**
 * The way of a log's events, and of its deletion, out of its object: a transactional outbox. What was sent is
 * noted after the queue has taken it, and an alarm is set with what is to be sent, so each is sent at least
 * once, also when the object ends in between.
 */
import { exists } from '../history/schema.ts';
import type { OutboxRecord } from './record.ts';

/** Events per message. With the longest ids they take half of the 128 KB that a message may have. */
const BATCH = 100;
/** After so long an object looks whether everything has left. */
export const OUTBOX_MS = 30_000;

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
  private running: Promise<boolean> | undefined;

  constructor(storage: DurableObjectStorage, queue: OutboxQueue, user: string) {
    this.storage = storage;
    this.queue = queue;
    this.user = user;
  }

  /**
   * Sends what was not sent yet; `log` names the log, if there is one. Resolves to whether all has left;
   * never rejects.
   */
  drain(log: () => string): Promise<boolean> {
    this.running ??= this.send(log).finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Notes, in the transaction that takes an event back, that exports are to leave it out. */
  noteTakenBack(position: number): void {
    const { sql } = this.storage;
    sql.exec('CREATE TABLE IF NOT EXISTS taken_back (position INTEGER PRIMARY KEY)');
    sql.exec('INSERT INTO taken_back VALUES (?)', position);
  }

  /** Notes, in the transaction that deletes a log, that exports are to leave it out. */
  noteErased(log: string): void {
    const { sql } = this.storage;
    sql.exec('CREATE TABLE IF NOT EXISTS erasure (epoch TEXT PRIMARY KEY)');
    sql.exec('INSERT OR IGNORE INTO erasure VALUES (?)', log);
  }

  private async send(log: () => string): Promise<boolean> {
    try {
      await this.sendErasures();
      do await this.sendEvents(log);
      while (await this.sendTakenBack(log));
      return true;
    } catch (error) {
      console.error(JSON.stringify({ level: 'error', event: 'outbox_failed', error: String(error) }));
      return false;
    }
  }

  private async sendErasures(): Promise<void> {
    const { sql } = this.storage;
    if (!exists(sql, 'erasure')) return;
    for (const { epoch } of sql.exec<{ epoch: string }>('SELECT epoch FROM erasure').toArray()) {
      await this.queue.send([{ user: this.user, epoch, erased: true }]);
      sql.exec('DELETE FROM erasure WHERE epoch = ?', epoch);
    }
    if (sql.exec('SELECT 1 FROM erasure LIMIT 1').toArray().length === 0) sql.exec('DROP TABLE erasure');
  }

  private async sendEvents(log: () => string): Promise<void> {
    const { sql } = this.storage;
    for (;;) {
      const name = log();
      if (name === '') return;
      sql.exec('CREATE TABLE IF NOT EXISTS outbox (sent INTEGER NOT NULL)');
      const { sent } = sql.exec<{ sent: number }>('SELECT coalesce(max(sent), 0) AS sent FROM outbox').one();
      const rows = sql
        .exec<Row>(
          'SELECT position, item, timestamp, type, stored FROM interaction WHERE position > ? ORDER BY position LIMIT ?',
          sent,
          BATCH,
        )
        .toArray();
      if (rows.length === 0) return;
      await this.queue.send(rows.map((row) => this.record(row, name)));
      // Deleted and begun anew while the queue took it: this note is not of the new log.
      if (log() !== name) continue;
      sql.exec('DELETE FROM outbox');
      sql.exec('INSERT INTO outbox VALUES (?)', rows.at(-1)!.position);
    }
  }

  /** The next events that were taken back. Returns whether there were any. */
  private async sendTakenBack(log: () => string): Promise<boolean> {
    const { sql } = this.storage;
    if (!exists(sql, 'taken_back')) return false;
    const rows = sql.exec<{ position: number }>('SELECT position FROM taken_back LIMIT ?', BATCH).toArray();
    const [name, { user }] = [log(), this];
    await this.queue.send(rows.map(({ position }) => ({ user, epoch: name, position, taken_back: true })));
    if (log() !== name) return true;
    for (const { position } of rows) sql.exec('DELETE FROM taken_back WHERE position = ?', position);
    if (sql.exec('SELECT 1 FROM taken_back LIMIT 1').toArray().length === 0)
      sql.exec('DROP TABLE taken_back');
    return true;
  }

  private record({ position, item, timestamp, type, stored }: Row, epoch: string): OutboxRecord {
    return {
      ...{ user: this.user, epoch, position, item, stored: stored ?? 0 },
      ...(timestamp !== null && { time: timestamp }),
      ...(type !== null && { type }),
    };
  }
}
