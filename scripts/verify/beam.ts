/** `npm run verify:beam`: how much of the exact list the service's beam search finds. */
import { windowStart } from '../../worker/engine/window.ts';
import type { EarnModel } from '../../worker/models/model.ts';
import { BEAM, beam as ranker } from '../../worker/recommend/rankers/beam.ts';
import { defineCommand, runCommand } from '../command.ts';
import { DataError } from '../data/errors.ts';
import { LOG_FILES } from '../data/log-files.ts';
import { heldOut, readDataset } from '../dataset.ts';
import { loadFolder } from '../node-model.ts';

const LIST = 10;

const command = defineCommand({
  usage: `npm run verify:beam -- --data DIR [options]

Compares the first ${LIST} items of beam searches of several widths with the exact first ${LIST}. The exact
list comes from a beam as wide as the catalogue, which scores every item. The last line printed is a JSON
object.`,
  options: {
    data: {
      type: 'folder',
      holds: LOG_FILES,
      required: true,
      description: 'histories to search with',
    },
    model: { type: 'folder', holds: 'manifest.json', default: 'model-shards', description: 'the model' },
    users: { type: 'integer', min: 1, default: 50, description: 'how many histories' },
    beams: {
      type: 'integer',
      min: 1,
      multiple: 'commas',
      default: [10, BEAM, 50],
      description: 'widths to compare',
    },
  },
  async main(options, { command, print }) {
    const model = await loadFolder(options.model);
    const cases = heldOut(await readDataset(options.data), 'test');
    if (cases.length === 0) throw new DataError(`${options.data}: no user has a test item`);
    const users = Math.min(options.users, cases.length);
    const step = Math.floor(cases.length / users);
    const widths = [model.catalogue.size, ...options.beams];
    const found = options.beams.map(() => 0);
    for (let user = 0; user < users; user++) {
      const [exact, ...lists] = await listsOf(model, cases[user * step].history, widths);
      for (const [i, list] of lists.entries()) found[i] += list.filter((item) => exact.includes(item)).length;
    }
    const overlaps = options.beams.map((beam, i) => [beam, Number((found[i] / LIST / users).toFixed(4))]);
    print(
      JSON.stringify({
        command,
        model: model.manifest.id,
        users,
        'overlap@10': Object.fromEntries(overlaps),
      }),
    );
  },
});

/** Lists by beams of these widths, from one state. */
async function listsOf(model: EarnModel, ids: string[], beams: number[]): Promise<number[][]> {
  const history = ids.map((id) => model.catalogue.indexOf(id)!);
  const allowed = model.catalogue.allowed(history);
  const start = windowStart(history.length, model.manifest.config.contextWindow);
  const state = await model.prefill(history.slice(start));
  const lists: number[][] = [];
  for (const beam of beams) {
    const ranked = await ranker.rank({ model, state, history, k: LIST, allowed, beam });
    lists.push(ranked.map(({ item }) => item));
  }
  return lists;
}

if (import.meta.main) await runCommand(command);
