/** `npm run cold:measure`: how well the service recommends items that no training has seen. */
import { SingleBar } from 'cli-progress';
import { given } from '../../worker/recommend/states.ts';
import { defineCommand, runCommand } from '../command.ts';
import { itemsIn } from '../data/item-files.ts';
import type { Item } from '../data/items.ts';
import { LOG_FILES } from '../data/log-files.ts';
import { readDataset } from '../dataset.ts';
import { UserError } from '../errors.ts';
import { unseenCases } from '../evaluate/cases.ts';
import { loadFolder } from '../node-model.ts';
import { seededRandom, shuffled } from '../random.ts';
import { listAfter, withItems } from './added.ts';

const SEED = 1;

const command = defineCommand({
  usage: `npm run cold:measure -- --model DIR --data DIR [options]

DIR is a model that was trained on what npm run cold left of the data, and the whole data. Adds the items that
the model has never seen, as a shop would, and makes a list of ten for each held-out item of the whole data: how
many new items are hit, and what that costs the others. The last line printed is a JSON object.`,
  options: {
    model: { type: 'folder', holds: 'manifest.json', required: true, description: 'the model' },
    data: { type: 'folder', holds: LOG_FILES, required: true, description: 'the whole data' },
    split: { type: 'choice', of: ['test', 'valid'], default: 'test', description: 'the items to list' },
    cases: { type: 'integer', min: 1, default: 5000, description: 'so many of them, of a fixed shuffle' },
  },
  async main({ model: folder, data, split, cases: most }, { command, print }) {
    const trained = await loadFolder(folder);
    if (!trained.words) throw new UserError(`${folder} has no vectors of words: build it anew`);
    const items: Item[] = [];
    for await (const item of itemsIn(data)) {
      if (trained.catalogue.indexOf(item.id) === undefined) items.push(item);
    }
    if (items.length === 0) throw new UserError(`${folder} was trained with every item of ${data}`);
    const live = await withItems(trained, items);
    const cold = new Set(items.map(({ id }) => id));
    const cases = shuffled(unseenCases(trained, await readDataset(data), split), seededRandom(SEED)).slice(
      0,
      most,
    );
    const hits = { new: 0, others: 0, others_without_new: 0 };
    const counts = { new: 0, others: 0, listed_new: 0, listed: 0 };
    const bar = new SingleBar({ format: '{bar} {value}/{total} lists', stream: process.stderr });
    bar.start(cases.length, 0);
    for (const { events, target } of cases) {
      const source = given(events);
      const list = await listAfter(live, source);
      const kind = cold.has(target) ? 'new' : 'others';
      counts[kind]++;
      counts.listed += list.length;
      counts.listed_new += list.filter((id) => cold.has(id)).length;
      hits[kind] += Number(list.includes(target));
      if (kind === 'others') {
        hits.others_without_new += Number((await listAfter(trained, source)).includes(target));
      }
      bar.increment();
    }
    bar.stop();
    const share = (part: number, whole: number) => Number((part / Math.max(1, whole)).toFixed(4));
    print(
      JSON.stringify({
        command,
        split,
        new_items: items.length,
        cases: { new: counts.new, others: counts.others },
        'hr@10': {
          new: share(hits.new, counts.new),
          others: share(hits.others, counts.others),
          others_without_new: share(hits.others_without_new, counts.others),
        },
        new_share_of_lists: share(counts.listed_new, counts.listed),
      }),
    );
  },
});

if (import.meta.main) await runCommand(command);
