/** Sends what this isolate gathers to an object, every few seconds at most. */

/** How long an isolate gathers before it sends. */
const SEND_AFTER_MS = 2000;

export interface GathererOptions<Batch> {
  /** What is gathered, for the log. */
  name: string;
  /** Everything so far; gathering begins anew. */
  take(): Batch;
  send(batch: Batch): Promise<void>;
  /** Keeps the sending alive after the answer. */
  waitUntil(work: Promise<unknown>): void;
}

export class Gatherer<Batch> {
  private readonly options: GathererOptions<Batch>;
  private pending = false;

  constructor(options: GathererOptions<Batch>) {
    this.options = options;
  }

  /** Something was gathered. What an isolate can't send is lost: these are statistics. */
  gathered(): void {
    if (this.pending) return;
    this.pending = true;
    this.options.waitUntil(this.sendSoon());
  }

  private async sendSoon(): Promise<void> {
    try {
      await scheduler.wait(SEND_AFTER_MS);
    } finally {
      this.pending = false;
    }
    try {
      await this.options.send(this.options.take());
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      console.warn(JSON.stringify({ level: 'warn', event: `${this.options.name}_lost`, message }));
    }
  }
}
