/** `npm run explain`: whether the items that an explanation names are those that matter. */
import { writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { defineCommand, runCommand } from '../command.ts';
import { LOG_FILES } from '../data/log-files.ts';
import { readDataset } from '../dataset.ts';
import { updateDocuments } from '../docs/documents.ts';
import { loadFolder } from '../node-model.ts';
import { measure } from './measure.ts';
import { EXPLAIN_JSON, type ExplainMeasured } from './tables.ts';

const command = defineCommand({
  usage: `npm run explain -- --data DIR [options]

Explains the first items of lists for held-out items, by the ranker that the model serves. Then takes the named
items out of the history, and as many others in their place, and compares what the log-probability falls by. The
last line printed is a JSON object.`,
  options: {
    model: { type: 'folder', holds: 'manifest.json', default: 'model-shards', description: 'the model' },
    data: {
      type: 'folder',
      holds: LOG_FILES,
      required: true,
      description: 'the data that it was trained on',
    },
    split: { type: 'choice', of: ['test', 'valid'], default: 'valid', description: 'the items to list' },
    cases: { type: 'integer', min: 1, default: 200, description: 'so many of them, of a fixed shuffle' },
    write: { type: 'boolean', default: false, description: `write ${EXPLAIN_JSON} and its table` },
  },
  async main({ model: folder, data, split, cases, write }, { command, print }) {
    const model = await loadFolder(folder);
    const dataset = await readDataset(data);
    const bar = new SingleBar({ format: '{bar} {value}/{total} cases', stream: process.stderr });
    bar.start(cases, 0);
    const measured = await measure(model, dataset, { split, cases }, () => bar.increment());
    bar.stop();
    const { id, ranker } = model.manifest;
    const result: ExplainMeasured = {
      command,
      dataset: basename(resolve(data)),
      model: id,
      ranker,
      ...measured,
    };
    if (write) {
      writeFileSync(EXPLAIN_JSON, `${JSON.stringify(result)}\n`);
      await updateDocuments();
    }
    print(JSON.stringify(result));
  },
});

if (import.meta.main) await runCommand(command);
