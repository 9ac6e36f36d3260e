/** `npm run build:model`: from a checkpoint to the folder that the service loads. */
import { basename, resolve } from 'node:path';
import { loadModel } from '../../worker/models/model.ts';
import { defineCommand, runCommand } from '../command.ts';
import { readDataset } from '../dataset.ts';
import { memorySource, nodeRuntime } from '../node-model.ts';
import { buildModel, withMemory, writeModel } from './build-model.ts';
import { readCheckpoint } from './checkpoint.ts';
import { type BuiltMemory, buildMemory } from './memory/build-memory.ts';

const command = defineCommand({
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
      holds: 'interactions.csv',
      description:
        'the data that it was trained on: adds a memory of what followed what in the training part',
    },
    out: { type: 'string', value: 'DIR', default: 'model-shards', description: 'where to write the model' },
    precision: {
      type: 'choice',
      of: ['int8', 'float32'],
      default: 'int8',
      description: 'of the weights; float32 is the reference that int8 is compared with',
    },
  },
  async main({ checkpoint, data, out, precision }, { print }) {
    let model = buildModel(readCheckpoint(checkpoint), basename(resolve(checkpoint)), precision);
    let memory: BuiltMemory['report'] | null = null;
    if (data === undefined) print('The model has no memory of transitions; --data adds one.');
    else {
      const built = await buildMemory(
        await loadModel(memorySource(model.files), nodeRuntime()),
        await readDataset(data),
      );
      model = withMemory(model, built);
      memory = built.report;
      const weights = built.options.weights.map((weight) => weight.toFixed(2));
      print(`Weights of the memory after 1, 2, 4 … items: ${weights.join(', ')}`);
    }
    writeModel(model, out);
    const bytes = [...model.files.values()].reduce((sum, file) => sum + file.length, 0);
    print(
      JSON.stringify({ model: model.manifest.id, out, precision, files: model.files.size, bytes, memory }),
    );
  },
});

if (import.meta.main) await runCommand(command);
