/** What is known of a stored state without reading it. */
export interface StateInfo {
  items: number;
  bytes: number;
  /** Milliseconds since 1970. */
  written: number;
}

/**
 * Where states are kept outside of isolates. A cache: every method may fail, and every answer may be stale.
 */
export interface StateStore {
  get(key: string): Promise<ArrayBuffer | null>;
  put(key: string, value: ArrayBuffer, items: number): Promise<void>;
  describe(key: string): Promise<StateInfo | null>;
  /** Deletes `known` keys and every other that begins with `prefix`. */
  deleteAll(prefix: string, known: Iterable<string>): Promise<void>;
}
