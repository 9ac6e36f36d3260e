/** `npm run bench:live`: what each live part of an answer costs, alone against none. */
import { writeFileSync } from 'node:fs';
import { bundlePage } from '../../bundle-page.ts';
import { defineCommand, runCommand } from '../../command.ts';
import { updateDocuments } from '../../docs/documents.ts';
import { Isolate } from '../growth/isolate.ts';
import { itemIdsOf, readManifestOf } from '../models.ts';
import { bundle } from '../workerd.ts';
import { against } from './before.ts';
import { costs } from './costs.ts';
import { LIVE_JSON, type LiveCosts } from './tables.ts';

const command = defineCommand({
  usage: `npm run bench:live [-- options]

Measures in bare workerd what a returning user's list costs (three new items after about 200, the ranker that the
model serves) with each of these alone, against none: a filter, standing rules, live counts, explanations,
diversity. They take turns in one run. With --before, it also measures the whole Worker of this checkout against
that of another one, for example of an earlier commit, both with the model of the other. The last line printed
is a JSON object with the ratios of the medians and their 95% bootstrap intervals.`,
  options: {
    model: { type: 'folder', holds: 'manifest.json', default: 'model-shards', description: 'the model' },
    before: { type: 'folder', holds: 'wrangler.toml', description: 'another checkout, installed' },
    rounds: { type: 'integer', min: 2, default: 30, description: 'measurements of each' },
    write: { type: 'boolean', default: false, description: `write ${LIVE_JSON} and its table` },
  },
  async main({ model, before, rounds, write }, { command, print }) {
    await bundlePage(); // the Worker imports what it makes
    const isolate = await Isolate.start(await bundle('growth/service.ts'), model);
    try {
      const { id, ranker } = readManifestOf(model);
      const parts = await costs(isolate, itemIdsOf(model), rounds);
      console.table(parts);
      const result: LiveCosts = {
        command,
        date: new Date().toISOString().slice(0, 10),
        model: id,
        ranker,
        parts,
        ...(before && { before: await against(before, rounds) }),
      };
      if (write) {
        writeFileSync(LIVE_JSON, `${JSON.stringify(result)}\n`);
        await updateDocuments();
      }
      print(JSON.stringify(result));
    } finally {
      await isolate.stop();
    }
  },
});

if (import.meta.main) await runCommand(command);
