/** `npm run items`: keeps the service's catalogue in step with a shop's export. */
import { z } from 'zod';
import { item, MOST_ITEMS } from '../../worker/http/schemas/items.ts';
import { defineCommand, runCommand } from '../command.ts';
import { DATASET_OPTIONS } from '../data/options.ts';
import { Service } from '../import/service.ts';
import { differing, missing, type PutItem, putOf, type ServedItem } from './changes.ts';
import { readExport } from './read.ts';

const PAGE = 100;

const page = z.object({ items: z.array(item), next_cursor: z.string().nullable() });
const stored = z.object({ items: z.int(), changed: z.int() });

const { item: itemColumn, title, categories, encoding } = DATASET_OPTIONS;

const command = defineCommand({
  usage: `npm run items -- --from FILE [options]

Tells the service what a shop's export says of its items, and sends only what the service has otherwise. FILE
is CSV, JSON Lines or Parquet, as npm run data reads it. Columns named available, available_from and
available_until say when an item may be listed; all others beside id, title and categories are properties. A
service with keys takes one with the scopes read and write, in the variable EARN_API_KEY. Lists follow within
a minute. The last line printed is a JSON object.`,
  options: {
    from: { type: 'path', required: true, description: 'the export: a file, or a folder of its parts' },
    url: { type: 'string', value: 'URL', default: 'http://127.0.0.1:8787', description: 'the service' },
    'hide-missing': {
      type: 'boolean',
      description: 'items that the export does not have are sold out; without it they stay as they are',
    },
    'dry-run': { type: 'boolean', description: 'say what would be sent, and send nothing' },
    item: itemColumn,
    title,
    categories,
    encoding,
  },
  async main({ from, url, hideMissing, dryRun, ...columns }, { print }) {
    const wanted = (await readExport(from, columns)).map(putOf);
    const service = new Service(url);
    const served = await servedItems(service);
    const gone = hideMissing ? missing(wanted, served) : [];
    const changes = [...differing(wanted, served), ...gone.map(soldOut)];
    let changed = 0;
    for (let at = 0; !dryRun && at < changes.length; at += MOST_ITEMS) {
      const body = JSON.stringify({ items: changes.slice(at, at + MOST_ITEMS) });
      const headers = { 'Content-Type': 'application/json' };
      changed += (await service.ask(stored, '/v1/items:batch', { method: 'PUT', headers, body })).changed;
    }
    const summary = { url, items: wanted.length, sent: dryRun ? 0 : changes.length, changed };
    print(JSON.stringify({ ...summary, differing: changes.length, sold_out: gone.length }));
  },
});

/** Everything that the service lists. */
async function servedItems(service: Service): Promise<Map<string, ServedItem>> {
  const items = new Map<string, ServedItem>();
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: String(PAGE), ...(cursor !== null && { cursor }) });
    const answer: z.output<typeof page> = await service.ask(page, `/v1/items?${query}`);
    for (const one of answer.items) items.set(one.id, one);
    cursor = answer.next_cursor;
  } while (cursor !== null);
  return items;
}

/** The item as it is, but for its being there. */
function soldOut({ id, title, categories, properties }: ServedItem): PutItem {
  return { id, title, categories, available: false, ...(properties && { properties }) };
}

if (import.meta.main) await runCommand(command);
