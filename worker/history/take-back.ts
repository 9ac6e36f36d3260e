/**
 * Taking an event back. The log is then one that never had it: the same events at the same positions, one
 * fewer in all. Nothing that was kept of it may fit any more, which another epoch sees to. So no digest of a
 * later event has to be made anew, and it costs the same in a log of any length.
 */
import { chainBase } from './chain.ts';
import { renewed } from './epoch.ts';
import { headOf } from './schema.ts';

/** Removes the event at this position. Returns whether there was one. */
export function takeBack(sql: SqlStorage, position: number): boolean {
  const removed = sql.exec('DELETE FROM interaction WHERE position = ? RETURNING position', position);
  if ([...removed].length === 0) return false;
  const before = headOf(sql)!;
  const epoch = renewed(before.epoch);
  const total = before.total - 1;
  // The chain goes on from here; the newest event may be another one now.
  const digest = chainBase(epoch, total);
  sql.exec('UPDATE log SET epoch = ?', epoch);
  sql.exec('UPDATE chain SET total = ?, digest = ?', total, digest);
  sql.exec(
    'UPDATE interaction SET digest = ? WHERE position = (SELECT max(position) FROM interaction)',
    digest,
  );
  return true;
}
