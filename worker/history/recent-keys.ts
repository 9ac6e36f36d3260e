/** Keys of requests that a late retry may still carry, also when their user was deleted since. */
import { exists } from './schema.ts';

/** How long an idempotency key is remembered; payment APIs do the same. */
export const KEY_MEMORY_MS = 24 * 60 * 60 * 1000;

/** The keys in these tables, with the time of their use. */
export function* recentKeys(sql: SqlStorage, ...tables: string[]): Generator<[key: string, at: number]> {
  for (const table of tables) {
    if (!exists(sql, table)) continue;
    const since = Date.now() - KEY_MEMORY_MS;
    const rows = sql.exec<{ key: string; at: number }>(`SELECT key, at FROM ${table} WHERE at >= ?`, since);
    for (const { key, at } of rows) yield [key, at];
  }
}

/** Whether the key was used before the user was deleted. */
export function isErased(sql: SqlStorage, key: string): boolean {
  if (!exists(sql, 'erased')) return false;
  const since = Date.now() - KEY_MEMORY_MS;
  return [...sql.exec('SELECT 1 FROM erased WHERE key = ? AND at >= ?', key, since)].length > 0;
}
