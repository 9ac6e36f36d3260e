/**
 * A dataset without a share of its items, as if they came after the training: neither their events nor their
 * texts are in it.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ITEMS_JSON, itemsIn } from '../data/item-files.ts';
import type { Item } from '../data/items.ts';
import { LOG_CSV } from '../data/log-files.ts';
import { withPartial } from '../data/write.ts';
import { type Dataset, eventsOf, readDataset } from '../dataset.ts';
import { csvField } from '../evaluate/ranks.ts';
import { seededRandom, shuffled } from '../random.ts';

export interface HeldOutItems {
  items: number;
  heldOut: number;
  events: number;
  left: number;
}

/**
 * Writes `data` without `share` of its items to `out`. What is trained on and what is held out stays so:
 * every event that is left says its split.
 */
export async function holdOutItems(
  data: string,
  out: string,
  share: number,
  seed: number,
): Promise<HeldOutItems> {
  const items: Item[] = [];
  for await (const item of itemsIn(data)) items.push(item);
  const drawn = shuffled(items, seededRandom(seed)).slice(0, Math.round(share * items.length));
  const cold = new Set(drawn.map(({ id }) => id));
  const kept = items.filter(({ id }) => !cold.has(id)).map((item) => JSON.stringify(item));
  const dataset = await readDataset(data);
  const rows = [...rowsWithout(dataset, cold)];
  await withPartial(out, async (partial) => {
    await mkdir(out, { recursive: true });
    for (const [name, rowsOf] of [
      [ITEMS_JSON, kept],
      [LOG_CSV, ['user_id,item_id,timestamp,split', ...rows]],
    ] as const) {
      await writeFile(join(partial, name), `${rowsOf.join('\n')}\n`);
      await rename(join(partial, name), join(out, name));
    }
  });
  return { items: items.length, heldOut: cold.size, events: dataset.item.length, left: rows.length };
}

function* rowsWithout(dataset: Dataset, cold: ReadonlySet<string>): Generator<string> {
  const { users, starts, time, trained, known } = dataset;
  for (const [user, name] of users.entries()) {
    for (const [place, { item }] of eventsOf(dataset, user).entries()) {
      if (cold.has(item)) continue;
      const split = place < trained[user] ? 'train' : place < known[user] ? 'valid' : 'test';
      yield `${csvField(name)},${csvField(item)},${time[starts[user] + place]},${split}`;
    }
  }
}
