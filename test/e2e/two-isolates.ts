/** The service twice over one storage, as two isolates of Cloudflare's are: in one `wrangler dev`. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, startServer } from '../../scripts/local-service.ts';

export interface TwoIsolates extends Pick<Server, 'stop'> {
  url: string;
}

const FRONT_SCRIPT = `.wrangler-front-${process.pid}.mjs`;
const FILES: Record<string, (config: string) => string> = {
  [FRONT_SCRIPT]: () => `export default {
  fetch: (request, { A, B }) => (request.headers.get('X-Isolate') === 'b' ? B : A).fetch(request),
};
`,
  [`.wrangler-front-${process.pid}.toml`]: () => `name = "front"
main = "${FRONT_SCRIPT}"
compatibility_date = "2026-11-01"
services = [{ binding = "A", service = "earn-edge" }, { binding = "B", service = "earn-edge-b" }]
`,
  [`.wrangler-a-${process.pid}.toml`]: (config) => config,
  [`.wrangler-b-${process.pid}.toml`]: second,
};

/** The second Worker has the first one's objects, and the same namespaces of Workers KV. */
function second(config: string): string {
  return config
    .replace(/^name = "earn-edge"$/m, 'name = "earn-edge-b"')
    .replace(/^class_name = "\w+"$/gm, (line) => `${line}\nscript_name = "earn-edge"`)
    .replace(/^\[\[migrations\]\]\n(.+\n)+/gm, '');
}

/** `variants`: the value of VARIANTS. A request goes to the isolate that its header `X-Isolate` names. */
export async function startTwoIsolates(variants: string): Promise<TwoIsolates> {
  const [top] = readFileSync('wrangler.toml', 'utf8').split(/^\[env\.staging\]$/m);
  const first = top
    .replace(/^VARIANTS = ""$/m, `VARIANTS = '${variants}'`)
    .replace(/^ACCESS = "keys"$/m, 'ACCESS = "open"');
  // Beside wrangler.toml: the paths in it are relative.
  for (const [path, text] of Object.entries(FILES)) writeFileSync(path, text(first));
  const configs = Object.keys(FILES).filter((path) => path.endsWith('.toml'));
  const remove = () => {
    for (const path of Object.keys(FILES)) rmSync(path, { force: true });
  };
  try {
    const server = await startServer({ wrangler: configs.flatMap((path) => ['--config', path]) });
    const stop = () => server.stop().finally(remove);
    return { url: server.url, stop };
  } catch (error) {
    remove();
    throw error;
  }
}
