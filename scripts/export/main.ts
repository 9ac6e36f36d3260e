/** `npm run export`: what the service has stored, as a log that `npm run make` learns from. */
import { createWriteStream, rmSync } from 'node:fs';
import { mkdtemp, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { logOf } from '../../worker/history/epoch.ts';
import { defineCommand, runCommand } from '../command.ts';
import { Database, sqlText } from '../data/database.ts';
import { Service } from '../import/service.ts';
import { UsageError } from '../options.ts';

/** How DuckDB writes each kind of file. */
const FORMATS: Record<string, string> = {
  parquet: 'FORMAT parquet',
  csv: 'FORMAT csv, HEADER',
  jsonl: 'FORMAT json',
};

/** Records from before events could be taken back name a log by more characters. */
const NAME = logOf(crypto.randomUUID()).length;

const page = z.object({ records: z.array(z.looseObject({})), next_cursor: z.string().nullable() });

export const command = defineCommand({
  usage: `npm run export -- --out FILE [options]

Brings back every event that the service has stored since it has an outbox (docs/retrain.md), each once,
users' events in their order, without those of users who were deleted and those that were taken back. The
service goes on meanwhile. With --backup, FILE is for npm run import -- --backup, which stores everything again
as it was. A service with keys takes one with the scope admin, in the variable EARN_API_KEY. The last line
printed is a JSON object.`,
  options: {
    url: { type: 'string', value: 'URL', default: 'http://127.0.0.1:8787', description: 'the service' },
    out: {
      type: 'string',
      value: 'FILE',
      required: true,
      description: `where to write the log: a name ending in ${Object.keys(FORMATS).join(', ')}`,
    },
    backup: { type: 'boolean', description: 'write a backup, a name ending in jsonl: one line per user' },
  },
  async main({ url, out, backup }, { print }) {
    const endings = backup ? ['jsonl'] : Object.keys(FORMATS);
    const ending = out.split('.').at(-1)!;
    if (!endings.includes(ending)) {
      throw new UsageError(`--out: expected a name ending in ${endings.join(', ')}, found ${out}`);
    }
    const service = new Service(url);
    const folder = await mkdtemp(join(dirname(resolve(out)), `.${basename(out)}-`));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    process.once('exit', remove);
    try {
      const records = await fetchRecords(service, join(folder, 'records.jsonl'));
      const summary = await write(
        folder,
        join(folder, basename(out)),
        backup ? BACKUP : LOG,
        FORMATS[ending],
      );
      await rename(join(folder, basename(out)), out);
      print(`${summary.events} events of ${summary.users} users in ${out}`);
      print(JSON.stringify({ out, records, ...summary }));
    } finally {
      remove();
      process.off('exit', remove);
    }
  },
});

/** Every record, page by page, into a file. Returns how many there were. */
async function fetchRecords(service: Service, path: string): Promise<number> {
  const file = createWriteStream(path);
  let count = 0;
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `?${new URLSearchParams({ cursor })}`;
    const { records, next_cursor }: z.output<typeof page> = await service.ask(page, `/v1/export${query}`);
    for (const record of records) file.write(`${JSON.stringify(record)}\n`);
    count += records.length;
    cursor = next_cursor;
  }
  await new Promise((done) => file.end(done));
  return count;
}

/** The rows of a log to learn from. Without the caller's time, when it was stored tells the order. */
const LOG = `
  SELECT "user" AS user_id, item AS item_id, coalesce(time, stored / 1000) AS timestamp, type
  FROM event ORDER BY "user", began, epoch, position`;

/** A row per user: what was stored, as it was. */
const BACKUP = `
  SELECT "user", list({'id': item, 'timestamp': time, 'type': type} ORDER BY began, epoch, position) AS items
  FROM event GROUP BY "user" ORDER BY min(began), "user"`;

/** Each event once, without those of deleted logs; a log that began later comes after an earlier one. */
async function write(folder: string, out: string, rows: string, format: string) {
  const db = await Database.open(folder);
  try {
    const columns =
      "{user: 'VARCHAR', epoch: 'VARCHAR', position: 'BIGINT', item: 'VARCHAR', time: 'DOUBLE', type: 'VARCHAR', " +
      "stored: 'DOUBLE', taken_back: 'BOOLEAN', erased: 'BOOLEAN'}";
    await db.run(
      `CREATE TABLE record AS SELECT * REPLACE (left(epoch, ${NAME}) AS epoch)
         FROM read_json(${sqlText(join(folder, 'records.jsonl'))},
         format = 'newline_delimited', columns = ${columns})`,
    );
    await db.run(`CREATE TABLE event AS
      SELECT "user", epoch, position, any_value(item) AS item, any_value(time) AS time, any_value(type) AS type,
        any_value(stored) AS stored, min(min(stored)) OVER (PARTITION BY "user", epoch) AS began
      FROM record
      WHERE erased IS NULL AND taken_back IS NULL
        AND ("user", epoch) NOT IN (SELECT ("user", epoch) FROM record WHERE erased)
        AND ("user", epoch, position) NOT IN (SELECT ("user", epoch, position) FROM record WHERE taken_back)
      GROUP BY "user", epoch, position`);
    await db.run(`COPY (${rows}) TO ${sqlText(out)} (${format})`);
    const [row] = await db.rows('SELECT count(*) AS events, count(DISTINCT "user") AS users FROM event');
    return { events: Number(row.events), users: Number(row.users) };
  } finally {
    db.close();
  }
}

if (import.meta.main) await runCommand(command);
