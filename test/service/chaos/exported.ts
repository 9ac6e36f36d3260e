/** Whether an export is what users did: each event once, in order, nothing of the deleted or of others. */
import { logOf } from '../../../worker/history/epoch.ts';
import type { Json } from '../helpers.ts';

export interface LiveLog {
  user: string;
  /** Empty without a log. */
  log: string;
  /** Ids, oldest first. */
  items: string[];
}

/** What is wrong with the records of a tenant whose users have these logs. */
export function findingsOf(records: readonly Json[], logs: readonly LiveLog[]): string[] {
  const named = records.map((record) => ({ ...record, log: `${record.user} ${logOf(record.epoch)}` }));
  const erased = new Set(named.filter(({ erased }) => erased).map(({ log }) => log));
  const takenBack = new Set(
    named.filter(({ taken_back }) => taken_back).map(({ log, position }) => `${log} ${position}`),
  );
  const byLog = new Map<string, Map<number, string>>();
  const findings: string[] = [];
  for (const { log, position, item } of named) {
    if (item === undefined || erased.has(log) || takenBack.has(`${log} ${position}`)) continue;
    const events = byLog.get(log) ?? new Map<number, string>();
    byLog.set(log, events);
    if ((events.get(position) ?? item) !== item) findings.push(`${log}: two events at ${position}`);
    events.set(position, item);
  }
  for (const { user, log, items } of logs) {
    const name = `${user} ${log}`;
    const events = [...(byLog.get(name) ?? [])].sort(([a], [b]) => a - b);
    byLog.delete(name);
    const found = events.map(([, item]) => item).join();
    if (found !== items.join()) findings.push(`${name}: exported ${found} instead of ${items}`);
  }
  for (const name of byLog.keys()) findings.push(`${name}: exported, and there is no such log`);
  return findings;
}
