/** `npm run deploy`: the service with a model, on Cloudflare. */
import { createInterface } from 'node:readline/promises';
import { defineCommand, runCommand } from '../command.ts';
import { SERVING_OPTIONS } from '../serving.ts';
import { askForEmbedded, deploy } from './deploy.ts';

const command = defineCommand({
  usage: `npm run deploy -- [--model DIR] [options] [-- flags of wrangler deploy]

Deploys the service with a model to Cloudflare. Every file of the model is checked against its manifest first. Without --model
it asks whether the embedded films are meant.`,
  options: {
    ...SERVING_OPTIONS,
    yes: { type: 'boolean', description: 'deploy the embedded films without asking, as in CI' },
  },
  rest: 'flags of wrangler deploy',
  async main({ yes, ...chosen }, { rest, print }) {
    // Cloudflare's deploy button runs this where nobody can answer, and the button was the answer.
    // https://developers.cloudflare.com/workers/ci-cd/builds/configuration/#default-variables
    const sure = yes || process.env.WORKERS_CI === '1';
    const confirm = async () => {
      if (!sure) await askForEmbedded(process.stdin.isTTY ? ask : undefined);
    };
    await deploy(chosen, { flags: rest, print, confirm });
  },
});

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

if (import.meta.main) await runCommand(command);
