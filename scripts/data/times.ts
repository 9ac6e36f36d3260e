/**
 * Times: numbers in one unit per file, ISO 8601 in all its forms, and what PostgreSQL, BigQuery and
 * spreadsheets write. All become seconds since 1970, as exact decimals: no digit of the source is lost, so
 * the order is that of the source.
 */
import { type Database, sqlText } from './database.ts';
import { DataError } from './errors.ts';

/** Twelve digits behind the point hold nanoseconds and then some. */
export const SECONDS = 'DECIMAL(38, 12)';

/**
 * SQL for a text as a number, NULL when it is none. DuckDB's cast of a text to a wide decimal takes 15
 * microseconds, so what usual times look like is put together from whole numbers.
 */
export const numberSql = (text: string): string => `CASE
  WHEN regexp_full_match(${text}, '[+-]?\\d{1,18}') THEN CAST(${text} AS BIGINT)::${SECONDS}
  WHEN regexp_full_match(${text}, '\\d{1,18}\\.\\d{1,12}') THEN ${fromParts(text)}
  WHEN regexp_full_match(${text}, '[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?') THEN TRY_CAST(${text} AS ${SECONDS})
  END`;

const fromParts = (text: string) => `(CAST(split_part(${text}, '.', 1) AS BIGINT)::${SECONDS}
  + CAST(rpad(split_part(${text}, '.', 2), 12, '0') AS BIGINT) * 0.000000000001::${SECONDS})::${SECONDS}`;

/** What the numbers of a file are. */
const UNITS = {
  s: { name: 'seconds', factor: '1' },
  ms: { name: 'milliseconds', factor: '0.001' },
  us: { name: 'microseconds', factor: '0.000001' },
  ns: { name: 'nanoseconds', factor: '0.000000001' },
} as const;

/** `days` are dates such as 20240131, `clock` times such as 20240131235959. */
export type Unit = keyof typeof UNITS | 'days' | 'clock';
export const UNIT_NAMES = Object.keys(UNITS) as (keyof typeof UNITS)[];

const DIGITS = { days: '%Y%m%d', clock: '%Y%m%d%H%M%S' };
/** The format that digits as a whole number have, when they are a date of 1900 to 2100. */
const digitsSql = (unit: keyof typeof DIGITS) => {
  const [from, to] = unit === 'days' ? [19000101, 21001231] : [19000101000000, 21001231235959];
  return `CASE WHEN number BETWEEN ${from} AND ${to} AND number = floor(number)
    THEN try_strptime(CAST(number AS BIGINT)::VARCHAR, '${DIGITS[unit]}') END`;
};

/** SQL for whether a number of `raw` is so small; far faster than a wide decimal's absolute value. */
function below(limit: bigint): string {
  return `number BETWEEN ${1n - limit} AND ${limit - 1n}`;
}

/**
 * The unit that a number's size speaks of: as seconds, 1e11 is the year 5138; as milliseconds it is 1973, and
 * so on. 0 and what isn't a number speak of none.
 */
const BAND = `CASE
  WHEN number = 0 THEN NULL
  WHEN ${digitsSql('days')} IS NOT NULL THEN 'days'
  WHEN ${digitsSql('clock')} IS NOT NULL THEN 'clock'
  WHEN ${below(10n ** 11n)} THEN 's'
  WHEN ${below(10n ** 14n)} THEN 'ms'
  WHEN ${below(10n ** 17n)} THEN 'us'
  ELSE 'ns' END`;

/** How to read the times of a table. */
export interface Clock {
  unit: Unit;
  /** Order of the fields in dates such as 01/02/2024. */
  dates: 'day-first' | 'month-first' | 'unknown';
}

/** A row that speaks for a band, by its number in the table. */
interface Witness {
  band: string;
  row: number;
}

/** Thrown for two rows that contradict each other; the caller knows where they stand. */
export class MixedTimes extends DataError {
  override name = 'MixedTimes';
  readonly rows: [number, number];
  readonly say: (first: string, second: string) => string;

  constructor(rows: [number, number], say: (first: string, second: string) => string) {
    super(say(`row ${rows[0]}`, `row ${rows[1]}`));
    this.rows = rows;
    this.say = say;
  }
}

/**
 * Finds out how the times of `raw` are written: its numbers stand in `number`, other times in `text`.
 * @param given what the user says
 * @throws {MixedTimes} when the rows don't agree
 */
export async function clockOf(db: Database, given: Partial<Clock> = {}): Promise<Clock> {
  const numbers = await db.rows<Witness>(
    `SELECT band, min(rowid)::DOUBLE AS row FROM (SELECT rowid, ${BAND} AS band FROM raw WHERE number IS NOT NULL)
    WHERE band IS NOT NULL GROUP BY band ORDER BY row`,
  );
  const { text } = await db.row<{ text: number | null }>(
    'SELECT min(rowid)::DOUBLE AS text FROM raw WHERE text IS NOT NULL',
  );
  const dates = async () => given.dates ?? (text === null ? 'unknown' : dateOrder(db));
  if (text !== null && numbers.length > 0) await refuseMixture(db, numbers[0].row, await dates());
  return { unit: given.unit ?? unitOf(numbers), dates: await dates() };
}

/** A text that is no date is an error of its own row. */
async function refuseMixture(db: Database, number: number, dates: Clock['dates']): Promise<void> {
  const { date } = await db.row<{ date: number | null }>(
    `SELECT min(rowid)::DOUBLE AS date FROM raw WHERE text IS NOT NULL AND ${textSql(dates)} IS NOT NULL`,
  );
  if (date === null) return;
  throw new MixedTimes(
    [number, date].sort((a, b) => a - b) as [number, number],
    (first, second) => `times are numbers and dates mixed: ${first}, but ${second}; write all of them alike`,
  );
}

function unitOf(bands: Witness[]): Unit {
  // Dates written as digits are numbers like any other unless all numbers are such dates.
  const others = bands.filter(({ band }) => band !== 'days' && band !== 'clock');
  if (others.length === 0 && bands.length === 1) return bands[0].band as Unit;
  const units = new Map<string, number>();
  for (const { band, row } of bands) {
    const unit = band === 'days' ? 's' : band === 'clock' ? 'ms' : band;
    if (!units.has(unit)) units.set(unit, row);
  }
  const [[unit, row] = ['s', 0], other] = [...units];
  if (other === undefined) return unit as Unit;
  const nameOf = (each: string) => UNITS[each as keyof typeof UNITS].name;
  throw new MixedTimes(
    [row, other[1]],
    (first, second) =>
      `times are in different units: ${first} is in ${nameOf(unit)}, but ${second} in ${nameOf(other[0])}; ` +
      'convert them to one',
  );
}

/** In dates with slashes either the day comes first or the month: a number above 12 tells. */
async function dateOrder(db: Database): Promise<Clock['dates']> {
  const field = (n: number) =>
    `TRY_CAST(regexp_extract(text, '^(\\d{1,2})[/-](\\d{1,2})[/-]\\d{4}', ${n}) AS INTEGER)`;
  const { day, month } = await db.row<{ day: number | null; month: number | null }>(
    `SELECT min(rowid) FILTER (${field(1)} > 12)::DOUBLE AS day, min(rowid) FILTER (${field(2)} > 12)::DOUBLE AS month
    FROM raw WHERE text IS NOT NULL`,
  );
  if (day !== null && month !== null) {
    throw new MixedTimes(
      [day, month].sort((a, b) => a - b) as [number, number],
      (first, second) =>
        `dates have the day first and the month first: ${first}, but ${second}; write 2024-12-31`,
    );
  }
  if (day !== null) return 'day-first';
  return month === null ? 'unknown' : 'month-first';
}

/** SQL for the seconds since 1970 of a row of `raw`; NULL when its time can't be read. */
export function secondsSql({ unit, dates }: Clock): string {
  const numbers =
    unit === 'days' || unit === 'clock'
      ? microseconds(digitsSql(unit))
      : `(number * ${UNITS[unit].factor})::${SECONDS}`;
  const within = `CASE WHEN ${numbers} BETWEEN -9007199254740992 AND 9007199254740992 THEN ${numbers} END`;
  return `CASE WHEN text IS NULL THEN ${within} ELSE ${textSql(dates)} END`;
}

/** DuckDB's own cast knows most of ISO 8601 and PostgreSQL, but also words such as "epoch". */
function textSql(dates: Clock['dates']): string {
  const plain = microseconds('TRY_CAST(text AS TIMESTAMPTZ)');
  return `CASE WHEN NOT regexp_full_match(text, '\\d.*[\\dZz]|\\d.* UTC') THEN ${microseconds(otherSql('text', dates))}
    WHEN length(text) <= 19 OR regexp_full_match(text, '.{19}([.]\\d{1,6})?(Z|[+-]\\d\\d(:\\d\\d)?| UTC)?')
    THEN coalesce(${plain}, ${microseconds(otherSql('text', dates))})
    ELSE ${fullSql('text', dates)} END`;
}

const microseconds = (timestamp: string) => `(epoch_us(${timestamp})::${SECONDS} * 0.000001)::${SECONDS}`;

/** With a fraction of any length, which is read apart: a timestamp holds six digits. */
function fullSql(text: string, dates: Clock['dates']): string {
  const fraction = `regexp_extract(${text}, ':\\d\\d[.,](\\d+)', 1)`;
  const whole = `regexp_replace(${text}, '(:\\d\\d)[.,]\\d+', '\\1')`;
  return `(${microseconds(`coalesce(TRY_CAST(${whole} AS TIMESTAMPTZ), ${otherSql(whole, dates)})`)}
    + ('0.' || ${fraction} || '0')::${SECONDS})`;
}

/** What the cast doesn't know. */
function otherSql(text: string, dates: Clock['dates']): string {
  const steps: [string, string][] = [
    // 20240131T235959 and 2024-01-31T2359
    ['^(\\d{4})(\\d\\d)(\\d\\d)(T|$)', '\\1-\\2-\\3\\4'],
    ['T(\\d\\d)(\\d\\d)(\\d\\d)', 'T\\1:\\2:\\3'],
    ['T(\\d\\d)(\\d\\d)([^:\\d]|$)', 'T\\1:\\2\\3'],
    // 2024-01-31T23 and 2024-01-31T23:59, with or without a zone
    ['([T ]\\d\\d)([^:\\d]|$)', '\\1:00\\2'],
    ['([T ]\\d\\d:\\d\\d)([^:\\d]|$)', '\\1:00\\2'],
    // +0200, +02:00 behind a blank
    [' ([+-]\\d\\d)', '\\1'],
    ['(:\\d\\d ?[+-]\\d\\d)(\\d\\d)$', '\\1:\\2'],
    // 2024-01
    ['^(\\d{4}-\\d\\d)$', '\\1-01'],
  ];
  const extended = steps.reduce(
    (sql, [pattern, replacement]) => `regexp_replace(${sql}, ${sqlText(pattern)}, ${sqlText(replacement)})`,
    `upper(replace(trim(${text}), ',', '.'))`,
  );
  const leap = `regexp_replace(${extended}, ':60(Z|[+-]|$)', ':59\\1')`;
  const formats = [
    ...['%G-W%V-%u', '%GW%V%u', '%Y-%j', '%d.%m.%Y %H:%M:%S', '%d.%m.%Y %H:%M', '%d.%m.%Y', '%m %d, %Y'],
    ...['%a, %d %b %Y %H:%M:%S GMT', '%a %b %d %H:%M:%S %Y'],
    ...slashFormats(dates),
  ];
  return `coalesce(TRY_CAST(CASE WHEN regexp_matches(${extended}, '^\\d{4}-\\d\\d-\\d\\d') THEN ${leap} END
      AS TIMESTAMPTZ) + CASE WHEN ${extended} LIKE '%:60%' THEN INTERVAL 1 SECOND ELSE INTERVAL 0 SECOND END,
    CASE WHEN ${text} SIMILAR TO '.*\\d.*' THEN try_strptime(trim(${text}), [${formats.map(sqlText).join(', ')}])::TIMESTAMPTZ END)`;
}

function slashFormats(dates: Clock['dates']): string[] {
  if (dates === 'unknown') return [];
  const clocks = [' %H:%M:%S', ' %H:%M', ' %I:%M:%S %p', ' %I:%M %p', ''];
  const days = dates === 'day-first' ? ['%d/%m/%Y', '%d-%m-%Y'] : ['%m/%d/%Y', '%m-%d-%Y'];
  return days.flatMap((day) => clocks.map((clock) => `${day}${clock}`));
}

export const TIMES =
  'a number of seconds, milliseconds, microseconds or nanoseconds since 1970, or a date such as ' +
  '2024-12-31T23:59:59Z';
