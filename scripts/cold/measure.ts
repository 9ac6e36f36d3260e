/** `npm run cold:measure`: how well the service recommends items that no training has seen. */
import { SingleBar } from 'cli-progress';
import { changed, type ItemRecord } from '../../worker/catalogue/record.ts';
import { Live } from '../../worker/live/live.ts';
import type { Model } from '../../worker/models/model.ts';
import { queryFor } from '../../worker/recommend/query.ts';
import { recommend } from '../../worker/recommend/recommend.ts';
import { given } from '../../worker/recommend/states.ts';
import { defineCommand, runCommand } from '../command.ts';
import { itemsIn } from '../data/item-files.ts';
import { LOG_FILES } from '../data/log-files.ts';
import { heldOut, readDataset } from '../dataset.ts';
import { UserError } from '../errors.ts';
import { loadFolder } from '../node-model.ts';
import { seededRandom, shuffled } from '../random.ts';

const LIST = 10;
const SEED = 1;

/** The items of the data that the model was not trained with, as a shop would add them. */
async function newRecords(data: string, { catalogue }: Model): Promise<ItemRecord[]> {
  const records: ItemRecord[] = [];
  for await (const { id, title, categories = [] } of itemsIn(data)) {
    if (catalogue.indexOf(id) !== undefined) continue;
    records.push(changed(undefined, { kind: 'put', id, fields: { title, categories } })!);
  }
  return records;
}

/** The model as it serves once these items were added. */
function withItems(model: Model, records: ItemRecord[]): Promise<Model> {
  const snapshot = { version: 1, records, rules: [] };
  const catalogue = { read: async () => ({ value: snapshot, degraded: false }) };
  const counts = { read: async () => ({ value: null, degraded: false }) };
  return new Live(catalogue, counts).over(Promise.resolve(model));
}

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
    const records = await newRecords(data, trained);
    if (records.length === 0) throw new UserError(`${folder} was trained with every item of ${data}`);
    const live = await withItems(trained, records);
    const cold = new Set(records.map(({ id }) => id));
    const cases = shuffled(heldOut(await readDataset(data), split), seededRandom(SEED)).slice(0, most);
    const hits = { new: 0, others: 0, others_without_new: 0 };
    const counts = { new: 0, others: 0, listed_new: 0, listed: 0 };
    const bar = new SingleBar({ format: '{bar} {value}/{total} lists', stream: process.stderr });
    bar.start(cases.length, 0);
    for (const { history, target } of cases) {
      const source = given(history.map((item) => ({ item })));
      const listed = async (model: Model) =>
        (await recommend(model, source, queryFor(LIST))).items.map(({ id }) => id);
      const list = await listed(live);
      const kind = cold.has(target) ? 'new' : 'others';
      counts[kind]++;
      counts.listed += list.length;
      counts.listed_new += list.filter((id) => cold.has(id)).length;
      hits[kind] += Number(list.includes(target));
      if (kind === 'others') hits.others_without_new += Number((await listed(trained)).includes(target));
      bar.increment();
    }
    bar.stop();
    const share = (part: number, whole: number) => Number((part / Math.max(1, whole)).toFixed(4));
    print(
      JSON.stringify({
        command,
        split,
        new_items: records.length,
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
