/** The user's log and the store of states, in memory, for tests that look inside and cause faults. */
import { MemoryStore as PlainStore } from '../../worker/cache/stores/memory.ts';

export { MemoryLog } from '../../worker/history/memory-log.ts';

export class MemoryStore extends PlainStore {
  /** What was written when, by the clock that tests turn. */
  readonly writes: { key: string; items: number; at: number }[] = [];

  override async put(key: string, value: ArrayBuffer, items: number): Promise<void> {
    this.writes.push({ key, items, at: Date.now() });
    await super.put(key, value, items);
  }

  /** Replaces a value as a fault would; it does not count as a write. */
  set(key: string, bytes: ArrayBuffer, items = 0): void {
    this.values.set(key, { bytes, info: { items, bytes: bytes.byteLength, written: Date.now() } });
  }
}
