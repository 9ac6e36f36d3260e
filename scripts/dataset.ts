/** The common data format as the measuring commands read it, split leave-one-out. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse';

/** One user's held-out item and all that came before it, as ids, oldest first. */
export interface Case {
  user: string;
  history: string[];
  target: string;
}

/** Histories by user from `<folder>/interactions.csv`, oldest first, users in the order of the file. */
export async function readHistories(folder: string): Promise<Map<string, string[]>> {
  const histories = new Map<string, string[]>();
  const rows = createReadStream(join(folder, 'interactions.csv')).pipe(parse({ columns: true }));
  for await (const row of rows as AsyncIterable<{ user_id: string; item_id: string }>) {
    const history = histories.get(row.user_id);
    if (history) history.push(row.item_id);
    else histories.set(row.user_id, [row.item_id]);
  }
  return histories;
}

/** Of users of three items or more: the last item (`test`) or the one before it (`valid`). Same as `data.py`. */
export function heldOut(histories: Map<string, string[]>, split: 'test' | 'valid'): Case[] {
  const back = split === 'test' ? 1 : 2;
  return [...histories]
    .filter(([, history]) => history.length >= 3)
    .map(([user, history]) => ({ user, history: history.slice(0, -back), target: history.at(-back)! }));
}
