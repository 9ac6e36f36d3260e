/** Which events of a log are kept: by default all. */

const DAY_MS = 24 * 60 * 60 * 1000;

export interface Retention {
  /** Most events of a user. @default all */
  most?: number;
  /** How long an event is kept after it came, in milliseconds. @default for ever */
  age?: number;
}

/** What the deployment says. Throws RangeError for anything but whole numbers above 0; empty means off. */
export function retentionOf({ HISTORY_MOST_EVENTS, HISTORY_MOST_DAYS }: Partial<Env>): Retention {
  const most = setting('HISTORY_MOST_EVENTS', HISTORY_MOST_EVENTS);
  const days = setting('HISTORY_MOST_DAYS', HISTORY_MOST_DAYS);
  return { most, age: days === undefined ? undefined : days * DAY_MS };
}

/**
 * Removes the events that are too many, the oldest, and returns how many are kept. A quarter more than the
 * most may stay, so that not every append has to remove one.
 */
export function dropExcess(sql: SqlStorage, { most = Infinity }: Retention, kept: number): number {
  if (kept <= most * 1.25) return kept;
  const [oldest] = sql
    .exec<{ position: number }>(
      'SELECT position FROM interaction ORDER BY position DESC LIMIT 1 OFFSET ?',
      most - 1,
    )
    .toArray();
  dropBefore(sql, oldest.position);
  return most;
}

/** Removes the events that are too old. Returns whether any are left. */
export function dropOld(sql: SqlStorage, { age = Infinity }: Retention): boolean {
  const kept = sql
    .exec<{ position: number }>(
      `SELECT position FROM interaction WHERE coalesce(stored, (SELECT began FROM chain)) >= ?
       ORDER BY position LIMIT 1`,
      Date.now() - age,
    )
    .toArray();
  dropBefore(sql, kept[0]?.position ?? Number.MAX_SAFE_INTEGER);
  return kept.length > 0;
}

function dropBefore(sql: SqlStorage, position: number): void {
  const { rowsWritten } = sql.exec('DELETE FROM interaction WHERE position < ?', position);
  if (rowsWritten > 0) sql.exec('UPDATE chain SET dropped = dropped + ?', rowsWritten);
}

function setting(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new RangeError(`${name} is "${text}"; a whole number above 0, or nothing, is meant`);
}
