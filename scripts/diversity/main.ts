/** `npm run diversity`: what less of the same costs in accuracy, and what it brings. */
import { writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { defineCommand, runCommand } from '../command.ts';
import { LOG_FILES } from '../data/log-files.ts';
import { readDataset } from '../dataset.ts';
import { updateDocuments } from '../docs/documents.ts';
import { loadFolder } from '../node-model.ts';
import { measure } from './measure.ts';
import { DIVERSITY_JSON, type Diversity } from './tables.ts';

const command = defineCommand({
  usage: `npm run diversity -- --data DIR [options]

Makes the lists of ten that a request with "diversity" gets, for held-out items and several values of it, by the
ranker that the model serves: how accurate they are, how similar the items of a list are to each other (the mean
cosine of their vectors), and how many categories a list has. The last line printed is a JSON object.`,
  options: {
    model: { type: 'folder', holds: 'manifest.json', default: 'model-shards', description: 'the model' },
    data: {
      type: 'folder',
      holds: LOG_FILES,
      required: true,
      description: 'the data that it was trained on',
    },
    split: { type: 'choice', of: ['test', 'valid'], default: 'valid', description: 'the items to list' },
    cases: { type: 'integer', min: 1, default: 1500, description: 'so many of them, of a fixed shuffle' },
    write: { type: 'boolean', default: false, description: `write ${DIVERSITY_JSON} and its table` },
  },
  async main({ model: folder, data, split, cases, write }, { command, print }) {
    const model = await loadFolder(folder);
    const dataset = await readDataset(data);
    const bar = new SingleBar({ format: '{bar} {value}/{total} cases', stream: process.stderr });
    bar.start(cases, 0);
    const rows = await measure(model, dataset, { split, cases }, () => bar.increment());
    bar.stop();
    const { id, ranker } = model.manifest;
    const result: Diversity = { command, dataset: basename(resolve(data)), model: id, ranker, rows };
    console.table(rows.map(({ over_none: _, ...row }) => row));
    if (write) {
      writeFileSync(DIVERSITY_JSON, `${JSON.stringify(result)}\n`);
      await updateDocuments();
    }
    print(JSON.stringify(result));
  },
});

if (import.meta.main) await runCommand(command);
