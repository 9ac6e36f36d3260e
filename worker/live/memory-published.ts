import type { Copies, Copy } from './copy.ts';

/** A published value in memory, for examples and tests. */
export class MemoryPublished<T extends { version: number }> implements Copies<T> {
  copy: Copy<T> = { value: null, degraded: false };

  async read(): Promise<Copy<T>> {
    return this.copy;
  }

  offer(value: T): void {
    if (value.version > (this.copy.value?.version ?? 0)) this.copy = { value, degraded: false };
  }
}
