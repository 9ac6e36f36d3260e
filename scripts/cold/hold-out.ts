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
  const rows = [...rowsOf(datasetWithout(dataset, cold))];
  await withPartial(out, async (partial) => {
    await mkdir(out, { recursive: true });
    for (const [name, lines] of [
      [ITEMS_JSON, kept],
      [LOG_CSV, ['user_id,item_id,timestamp,split', ...rows]],
    ] as const) {
      await writeFile(join(partial, name), `${lines.join('\n')}\n`);
      await rename(join(partial, name), join(out, name));
    }
  });
  return { items: items.length, heldOut: cold.size, events: dataset.item.length, left: rows.length };
}

/** The log without the events of these items. Every event that is left stays in its split. */
export function datasetWithout(dataset: Dataset, gone: ReadonlySet<string>): Dataset {
  const { items, item, time, type, starts, trained, known } = dataset;
  const left = items.filter((id) => !gone.has(id));
  const numbers = new Map(left.map((id, number) => [id, number]));
  const renumbered = item.map((each) => numbers.get(items[each]) ?? -1);
  const stays = (_: number, at: number) => renumbered[at] >= 0;
  const before = new Int32Array(item.length + 1);
  for (let at = 0; at < item.length; at++) before[at + 1] = before[at] + Number(renumbered[at] >= 0);
  const within = (counts: Int32Array) =>
    counts.map((count, user) => before[starts[user] + count] - before[starts[user]]);
  return {
    ...dataset,
    items: left,
    starts: starts.map((start) => before[start]),
    item: renumbered.filter(stays),
    time: time.filter(stays),
    ...(type && { type: type.filter(stays) }),
    trained: within(trained),
    known: within(known),
  };
}

function* rowsOf(dataset: Dataset): Generator<string> {
  const { users, starts, time, trained, known } = dataset;
  for (const [user, name] of users.entries()) {
    for (const [place, { item }] of eventsOf(dataset, user).entries()) {
      const split = place < trained[user] ? 'train' : place < known[user] ? 'valid' : 'test';
      yield `${csvField(name)},${csvField(item)},${time[starts[user] + place]},${split}`;
    }
  }
}
