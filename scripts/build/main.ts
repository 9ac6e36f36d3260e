/** `npm run build:model`: from a checkpoint to the folder that the service loads. */
import { basename, resolve } from 'node:path';
import { loadModel } from '../../worker/models/model.ts';
import { defineCommand, runCommand } from '../command.ts';
import { LOG_FILES } from '../data/log-files.ts';
import { readDataset } from '../dataset.ts';
import { memorySource, nodeRuntime } from '../node-model.ts';
import { stageBar } from '../progress.ts';
import { buildModel, withDefaults, withFollowed, withMemory, writeModel } from './build-model.ts';
import { type Checkpoint, readCheckpoint, readRefit } from './checkpoint.ts';
import { metricOf } from './coded/metric.ts';
import { CODES_PER_ITEM, type CodedItems, coded } from './coded/residual.ts';
import { chooseIncludeSeen, chooseRanker } from './defaults.ts';
import { fitFollowed } from './likeness.ts';
import { type BuiltMemory, buildMemory } from './memory/build-memory.ts';
import { PAGE_OPTIONS, readPage } from './page.ts';
import { withChoices } from './refit.ts';
import { itemVectors } from './weights.ts';

/** From so many items on an isolate's memory is too small for all of them (docs/scale.md). */
const MANY_ITEMS = 50_000;

export const command = defineCommand({
  usage: `npm run build:model -- --checkpoint DIR [options]

Turns a checkpoint of \`npm run train\` into the ONNX graphs, weight shards, catalogue and manifest that the
service loads.`,
  options: {
    checkpoint: {
      type: 'folder',
      holds: 'config.json',
      required: true,
      description: 'what `npm run train` wrote',
    },
    data: {
      type: 'folder',
      holds: LOG_FILES,
      description:
        'the data that it was trained on: adds a memory of what followed what in the training part',
    },
    out: { type: 'string', value: 'DIR', default: 'model-shards', description: 'where to write the model' },
    name: { type: 'string', description: 'of the model (default: that of the checkpoint)' },
    ...PAGE_OPTIONS,
    precision: {
      type: 'choice',
      of: ['int8', 'float32'],
      default: 'int8',
      description: 'of the weights; float32 is the reference that int8 is compared with',
    },
    items: {
      type: 'choice',
      of: ['memory', 'codes'],
      description: `where items are: all in memory, or vectors as codes and the rest in files (default: codes from ${MANY_ITEMS.toLocaleString('en')} items on)`,
    },
    codes: {
      type: 'integer',
      min: 4,
      max: 64,
      default: CODES_PER_ITEM,
      description: 'bytes per vector, for --items codes',
    },
  },
  async main({ checkpoint: folder, data, out, name, noun, page, precision, items, codes }, { print }) {
    const checkpoint = readCheckpoint(folder);
    const refit = readRefit(folder);
    const isLarge = items === undefined ? checkpoint.items.length >= MANY_ITEMS : items === 'codes';
    const built = async (weights: Checkpoint) =>
      buildModel(weights, name ?? basename(resolve(folder)), precision, {
        noun,
        page: page === undefined ? undefined : readPage(page),
        coded: isLarge ? await codesOf(weights, codes) : undefined,
        stage: stageBar('words'),
      });
    // Without data nothing is left to choose.
    let model = await built(data === undefined && refit ? refit : checkpoint);
    if (isLarge)
      print(`Items are coded, ${codes} bytes per vector; ids, titles and the memory are in files.`);
    let memory: BuiltMemory['report'] | null = null;
    if (data === undefined) print('The model has no memory of transitions; --data adds one.');
    else {
      const runtime = nodeRuntime();
      const load = () => loadModel(memorySource(model.files), runtime);
      const dataset = await readDataset(data);
      const includeSeen = await chooseIncludeSeen(await load(), dataset, stageBar('seen items'));
      if (includeSeen) model = withDefaults(model, { includeSeen });
      print(`Lists ${includeSeen ? 'hold' : 'hide'} items that the user has had: better on validation.`);
      const remembered = await buildMemory(await load(), dataset, stageBar);
      model = withMemory(model, remembered);
      const ranker = await chooseRanker(await load(), dataset, stageBar('ranker'));
      if (ranker !== model.manifest.ranker) model = withDefaults(model, { ranker });
      print(`Lists are made by the ranker ${ranker}: best on validation.`);
      memory = remembered.report;
      if (!isLarge) {
        const followed = await fitFollowed(checkpoint, model, dataset, remembered, stageBar('new items'));
        if (followed !== undefined) model = withFollowed(model, followed);
        print(
          followed === undefined
            ? 'New items will not follow what they are like: too little is known to say how strongly.'
            : `New items will follow what they are like with a strength of ${followed}: others stay listed.`,
        );
      }
      const weights = remembered.options.weights.map((weight) => weight.toFixed(2));
      print(`Weights of the memory after 1, 2, 4 … items: ${weights.join(', ')}`);
      const affinities = remembered.affinities?.options.weights.map((weight) => weight.toFixed(2));
      print(
        affinities
          ? `Weights of its affinities: ${affinities.join(', ')}`
          : 'It has no affinities: too many items, or they would bring nothing.',
      );
      if (refit) model = await withChoices(await built(refit), model, dataset, remembered);
    }
    if (refit) print('Weights and counts are those of everything before the test items (npm run refit).');
    writeModel(model, out);
    const bytes = [...model.files.values()].reduce((sum, file) => sum + file.length, 0);
    print(
      JSON.stringify({ model: model.manifest.id, out, precision, files: model.files.size, bytes, memory }),
    );
  },
});

async function codesOf(checkpoint: Checkpoint, stages: number): Promise<CodedItems> {
  const runtime = nodeRuntime();
  const vectors = itemVectors(checkpoint);
  const metric = await metricOf(checkpoint, vectors, runtime, stageBar('metric of codes'));
  return coded(vectors, stages, runtime, metric, stageBar('codes'));
}

if (import.meta.main) await runCommand(command);
