import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const MEMORY = '/dev/shm';

/** A folder in memory, where the system has one: objects' databases wait for the disk after each write. */
export const inMemory = (): string => (existsSync(MEMORY) ? MEMORY : tmpdir());
