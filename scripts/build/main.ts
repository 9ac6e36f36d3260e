/** `npm run build:model -- --checkpoint DIR [--out DIR] [--precision int8|float32]` */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildModel, writeModel } from './build-model.ts';
import { readCheckpoint } from './checkpoint.ts';

const USAGE = `Usage: npm run build:model -- --checkpoint DIR [--out DIR] [--precision int8|float32]

Turns a checkpoint of \`npm run train\` into the ONNX graphs, weight shards, catalogue and manifest that the
service loads. --out defaults to model-shards; float32 is the reference that int8 is compared with.`;

function main(): void {
  const { values } = parseArgs({
    options: {
      checkpoint: { type: 'string' },
      out: { type: 'string', default: 'model-shards' },
      precision: { type: 'string', default: 'int8' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const { checkpoint: folder, out, precision } = values;
  if (!folder) throw new Error('--checkpoint DIR is needed');
  if (precision !== 'int8' && precision !== 'float32') throw new Error('--precision is int8 or float32');
  const model = buildModel(readCheckpoint(folder), basename(resolve(folder)), precision);
  writeModel(model, out);
  const bytes = [...model.files.values()].reduce((sum, file) => sum + file.length, 0);
  console.log(JSON.stringify({ model: model.manifest.id, out, precision, files: model.files.size, bytes }));
}

try {
  main();
} catch (error) {
  console.error(`build:model: ${(error as Error).message}`);
  process.exitCode = 1;
}
