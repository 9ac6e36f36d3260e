/** Puts the service with a model of the user's choice on Cloudflare, or checks that it could be. */
import { join } from 'node:path';
import { runChild } from '../child.ts';
import { UserError } from '../errors.ts';
import { describe, prepareServing, ROOT, type Serving, verifyFiles } from '../serving.ts';

interface DeployOptions {
  model?: string;
  candidate?: string;
  share?: number;
}

interface Deployment {
  /** Flags of `wrangler deploy`. */
  flags: string[];
  print(line: string): void;
  /** Called before anything happens when no model was named: throws unless the embedded one is wanted. */
  confirm(): Promise<void>;
}

/** Says what is deployed, and runs `wrangler deploy`. */
export async function deploy(options: DeployOptions, { flags, print, confirm }: Deployment): Promise<void> {
  const serving = await prepareServing(options, 'deploy');
  await verifyFiles(serving);
  for (const line of lines(serving, options.share)) print(line);
  if (options.model === undefined) await confirm();
  const wrangler = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
  // Says that production is meant, where no other environment is named: wrangler warns otherwise.
  const isNamed = flags.some((flag) => /^(--env|-e)(=|$)/.test(flag));
  const environment = isNamed ? [] : ['--env', ''];
  const args = ['deploy', '--cwd', ROOT, ...serving.flags, ...environment, ...flags];
  await runChild(process.execPath, [wrangler, ...args], {
    env: { WRANGLER_SEND_METRICS: 'false' },
    overrides: serving.env,
  });
}

function* lines({ model, candidate }: Serving, share: number | undefined): Generator<string> {
  yield `model      ${describe(model)}`;
  if (candidate === undefined) return;
  yield `candidate  ${describe(candidate)}${share === undefined ? '' : `, for ${share} % of the users`}`;
}

/**
 * Asks whether the embedded model is meant.
 * @throws {UserError} when it isn't, or when nobody can answer
 */
export async function askForEmbedded(
  ask: ((question: string) => Promise<string>) | undefined,
): Promise<void> {
  if (ask === undefined) {
    throw new UserError(
      'no --model: this would deploy the embedded films; --model DIR names yours, --yes means them',
    );
  }
  const answer = await ask('No --model was given: this deploys the embedded films. Go on? (y/N) ');
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new UserError('nothing was deployed; --model DIR names your model');
}
