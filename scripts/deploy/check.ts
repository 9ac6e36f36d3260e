/** `npm run deploy:check`: what `npm run deploy` would upload, without uploading it. */
import { defineCommand, runCommand } from '../command.ts';
import { SERVING_OPTIONS } from '../serving.ts';
import { deploy } from './deploy.ts';

const command = defineCommand({
  usage: `npm run deploy:check -- [--model DIR] [options] [-- flags of wrangler deploy]

Checks every file of the model against its manifest and bundles the Worker, as a deployment does, and uploads
nothing.`,
  options: SERVING_OPTIONS,
  rest: 'flags of wrangler deploy',
  async main(chosen, { rest, print }) {
    const flags = ['--dry-run', '--outdir', 'node_modules/.cache/deploy', ...rest];
    await deploy(chosen, { flags, print, confirm: async () => {} });
  },
});

if (import.meta.main) await runCommand(command);
