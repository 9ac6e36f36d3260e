/** `npm run cold`: what the service makes of items that no training has seen. */
import { defineCommand, runCommand } from '../command.ts';
import { LOG_FILES } from '../data/log-files.ts';
import { holdOutItems } from './hold-out.ts';

const command = defineCommand({
  usage: `npm run cold -- --data DIR --out DIR [options]

Writes the data without a share of its items, drawn with a seed: to train a model that has never seen them.`,
  options: {
    data: { type: 'folder', holds: LOG_FILES, required: true, description: 'the whole data' },
    out: { type: 'string', value: 'DIR', required: true, description: 'where to write what is left' },
    share: { type: 'number', min: 0.01, max: 0.9, default: 0.2, description: 'share of the items' },
    seed: { type: 'integer', min: 0, default: 1, description: 'of the draw' },
  },
  async main({ data, out, share, seed }, { print }) {
    print(JSON.stringify({ out, ...(await holdOutItems(data, out, share, seed)) }));
  },
});

if (import.meta.main) await runCommand(command);
