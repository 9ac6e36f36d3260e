/** The Worker that a checkout deploys, in bare workerd, with the bindings of its `wrangler.toml`. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unstable_readConfig } from 'wrangler';
import { type Bound, Isolate, type Limit } from './growth/isolate.ts';
import { bundle } from './workerd.ts';

export interface WorkerOptions {
  /** Instead of those of the file. */
  vars?: Record<string, string>;
  /** Rate limits by the names of their bindings. @default none */
  limits?: Record<string, Limit>;
  /** Folder for what it stores. @default the system's temporary one */
  place?: string;
}

export async function wholeWorker(
  checkout: string,
  model: string,
  { vars = {}, limits, place }: WorkerOptions = {},
): Promise<Isolate> {
  execFileSync(process.execPath, ['scripts/bundle-page.ts'], { cwd: checkout }); // the Worker imports it
  const config = configOf(checkout);
  const bound: Bound = {
    objects: Object.fromEntries(
      config.durable_objects.bindings.map((each: { name: string; class_name: string }) => [
        each.name,
        each.class_name,
      ]),
    ),
    namespaces: config.kv_namespaces.map(({ binding }: { binding: string }) => binding),
    vars: { ...(config.vars as Record<string, string>), ...vars },
    limits,
  };
  const script = await bundle(pathToFileURL(join(checkout, 'worker/index.ts')).href);
  return Isolate.start(script, model, { bound, place });
}

/** The rate limits of a checkout's deployment. */
export function deployedLimits(checkout: string): Record<string, Limit> {
  return Object.fromEntries(
    configOf(checkout).ratelimits.map(({ name, simple }: { name: string; simple: Limit }) => [name, simple]),
  );
}

function configOf(checkout: string) {
  return unstable_readConfig({ config: join(checkout, 'wrangler.toml') }, { hideWarnings: true });
}
