/**
 * `npm run verify:beam`: how much of the exact list the service's beam finds. The exact one is a search whose beam is as
 * wide as the catalogue, which scores every item.
 */
import { parseArgs } from 'node:util';
import { windowStart } from '../../worker/engine/window.ts';
import { BEAM, search } from '../../worker/recommend/search.ts';
import { heldOut, readDataset } from '../dataset.ts';
import { loadFolder } from '../node-model.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'model-shards' },
    data: { type: 'string' },
    users: { type: 'string', default: '50' },
    beams: { type: 'string', default: `10,${BEAM},50` },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || !values.data) {
  console.error('Usage: npm run verify:beam -- --data DIR [--model DIR] [--users N] [--beams 10,20]');
  process.exit(values.help ? 0 : 1);
}
const model = await loadFolder(values.model);
const { config } = model.manifest;
const beams = values.beams.split(',').map(Number);
const cases = heldOut(await readDataset(values.data), 'test');
const step = Math.floor(cases.length / Number(values.users));
const overlap = new Map(beams.map((beam) => [beam, 0]));
let users = 0;
for (let i = 0; i < cases.length && users < Number(values.users); i += step, users++) {
  const history = cases[i].history.map((id) => model.catalogue.indexOf(id)!);
  const allowed = model.catalogue.allowed(history);
  const state = await model.prefill(history.slice(windowStart(history.length, config.contextWindow)));
  const list = async (beam: number) =>
    (await search(model, state, { k: 10, allowed, beam, ranker: 'beam' })).map(({ item }) => item);
  const exact = new Set(await list(model.catalogue.items.length));
  for (const beam of beams) {
    const found = (await list(beam)).filter((item) => exact.has(item)).length / 10;
    overlap.set(beam, overlap.get(beam)! + found);
  }
}
const overlaps = Object.fromEntries(
  [...overlap].map(([beam, sum]) => [beam, Number((sum / users).toFixed(4))]),
);
console.log(JSON.stringify({ model: model.manifest.id, users, 'overlap@10': overlaps }));
