/** `npm run build:model`: from a checkpoint to the folder that the service loads. */
import { basename, resolve } from 'node:path';
import { defineCommand, runCommand } from '../command.ts';
import { buildModel, writeModel } from './build-model.ts';
import { readCheckpoint } from './checkpoint.ts';

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
    out: { type: 'string', value: 'DIR', default: 'model-shards', description: 'where to write the model' },
    precision: {
      type: 'choice',
      of: ['int8', 'float32'],
      default: 'int8',
      description: 'of the weights; float32 is the reference that int8 is compared with',
    },
  },
  main({ checkpoint, out, precision }, { print }) {
    const model = buildModel(readCheckpoint(checkpoint), basename(resolve(checkpoint)), precision);
    writeModel(model, out);
    const bytes = [...model.files.values()].reduce((sum, file) => sum + file.length, 0);
    print(JSON.stringify({ model: model.manifest.id, out, precision, files: model.files.size, bytes }));
  },
});

if (import.meta.main) await runCommand(command);
