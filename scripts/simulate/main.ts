/** `npm run simulate`: hit rates and costs of a month for up to a hundred million users, on paper. */
import { writeFileSync } from 'node:fs';
import { defineCommand, runCommand } from '../command.ts';
import { LOG_FILES } from '../data/log-files.ts';
import { readDataset } from '../dataset.ts';
import { updateDocuments } from '../docs/documents.ts';
import { UserError } from '../errors.ts';
import { writePlot } from '../plot.ts';
import type { PerRequest } from './costs.ts';
import { simulate, TABLES } from './scenarios.ts';
import { plots, SCALE_JSON, type Scale } from './tables.ts';
import { patternOf } from './visits.ts';

/** Timestamps below this are places in an order, not seconds since 1970. */
const FIRST_REAL_TIME = 1e8;

const definition = defineCommand({
  usage: `npm run simulate -- --data DIR [options]

Replays when the users of a log came back, for a thousand to a hundred million users: how often a state is in an
isolate's memory, in Workers KV or in neither, what a month costs by the documented prices, and how that changes with
memory, expiry and locations. Every request adds one event and asks for a list. The last line printed is a JSON
object; with --write it goes into docs/scale.json, and the tables and plots of docs/scale.md are made of it.`,
  options: {
    data: {
      type: 'folder',
      holds: LOG_FILES,
      required: true,
      description: 'a log with real times: who came when',
    },
    cpu: { type: 'number', min: 0, default: 5, description: 'CPU milliseconds per request' },
    state: { type: 'integer', min: 1, default: 35_000, description: 'bytes of a state' },
    database: { type: 'integer', min: 1, default: 24_600, description: 'bytes of a user’s object' },
    write: { type: 'boolean', default: false, description: 'write docs/scale.json, its tables and plots' },
  },
  async main({ data, cpu, state, database, write }, { command, print }) {
    const { users, starts, time } = await readDataset(data);
    const times = Array.from(users, (_, user) => [...time.subarray(starts[user], starts[user + 1])]);
    if (times.some((of) => of.some((time) => time < FIRST_REAL_TIME))) {
      throw new UserError(
        `${data}: the timestamps are no seconds since 1970, so nobody knows when users came back`,
      );
    }
    const patterns = times.map(patternOf);
    const per: PerRequest = {
      cpuMs: cpu,
      stateBytes: state,
      databaseBytes: database,
      rowsRead: 118,
      rowsWritten: 5,
    };
    const tables = Object.fromEntries(
      Object.entries(TABLES).map(([name, settings]) => [
        name,
        settings.map((one) => simulate(patterns, one, per)),
      ]),
    );
    const scale: Scale = { command, users: patterns.length, per, tables };
    if (write) {
      writeFileSync(SCALE_JSON, `${JSON.stringify(scale)}\n`);
      for (const [file, plot] of Object.entries(plots(scale))) await writePlot(`docs/${file}`, plot);
      await updateDocuments();
    }
    print(JSON.stringify(scale));
  },
});

if (import.meta.main) await runCommand(definition);
