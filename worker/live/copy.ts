/** What an isolate has of a value that an object publishes: the newest that could be read. */
export interface Copy<T> {
  /** null: nothing was published, as far as this isolate could see. */
  value: T | null;
  /** Whether the last read failed, so that the value may be older than it should be. */
  degraded: boolean;
}

export interface Copies<T> {
  /** Never throws: without a readable value the one before stays. */
  read(): Promise<Copy<T>>;
  /** Takes over a newer value that came by another way. */
  offer(value: T): void;
}
