/**
 * A bare workerd process (the one that wrangler brings) with the bench Worker in it, watched from outside.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { heapBytes, heldBytes } from './heap.ts';
import type { Call } from './scenario.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WASM = 'onnxruntime-web/ort-wasm-simd-threaded.wasm';
const require = createRequire(import.meta.url);

/** The path of the binary that `wrangler dev` starts. */
const binary: string = createRequire(require.resolve('wrangler/package.json'))('workerd').default;

/** Milliseconds. CPU time is that of all threads of the process; null where the system does not tell. */
export interface Time {
  wall: number;
  cpu: number | null;
}

/** What is paid: CPU time where the system tells it. */
export const cost = ({ cpu, wall }: Time): number => cpu ?? wall;

export interface Mark extends Time {
  event: string;
}

/** The page's scripts are text to the Worker, not part of it. */
const PAGE_AS_TEXT: Plugin = {
  name: 'page-as-text',
  setup(build) {
    build.onLoad({ filter: /[/\\]bundle[/\\][^/\\]*\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8'),
      loader: 'text',
    }));
  },
};

/** Bundles an entry of this folder the way wrangler does: the runtime's binary stays a module. */
export async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    format: 'esm',
    target: 'es2024',
    minify: true,
    conditions: ['workerd', 'worker', 'browser'],
    external: ['*.wasm', 'node:*', 'cloudflare:*'],
    // As the rules of wrangler.toml have it: the page's files are text.
    loader: { '.html': 'text', '.svg': 'text', '.css': 'text' },
    plugins: [PAGE_AS_TEXT],
    logLevel: 'warning',
    write: false,
  });
  return outputFiles[0].text;
}

/** What a Worker needs besides: entries of workerd's configuration. */
export interface More {
  services?: string[];
  bindings?: string[];
  /** Fields of the Worker itself. */
  worker?: string;
  /** What V8 may take for its heap. @default as much as it likes */
  heapMb?: number;
  /** Sources of modules that wrapped bindings are made by. */
  wrappers?: Record<string, string>;
}

export class Workerd {
  /** When the process was started, and what the Worker's CLOCK was told since. */
  readonly marks: Mark[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'earn-edge-bench-'));
  private readonly child: ChildProcess;
  private readonly clock: Server;
  private readonly ports: Record<string, number> = {};

  private constructor(script: string, models: string, clock: Server, more: More) {
    this.clock = clock;
    clock.on('request', (request, response) => {
      this.mark(request.url!.slice(1));
      response.end();
    });
    writeFileSync(join(this.folder, 'worker.js'), script);
    copyFileSync(require.resolve(WASM), join(this.folder, 'ort.wasm'));
    for (const [name, source] of Object.entries(more.wrappers ?? {})) {
      writeFileSync(join(this.folder, `${name}.js`), source);
    }
    writeFileSync(
      join(this.folder, 'config.capnp'),
      config(models, (clock.address() as AddressInfo).port, more),
    );
    const args = ['serve', 'config.capnp', '--control-fd=3', '--inspector-addr=127.0.0.1:0'];
    this.child = spawn(binary, args, { cwd: this.folder, stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
    this.mark('spawn');
    let lines = '';
    (this.child.stdio[3] as Readable).on('data', (chunk) => {
      lines += chunk;
      const whole = lines.split('\n').slice(0, -1);
      for (const { socket, event, port } of whole.map((line) => JSON.parse(line))) {
        this.ports[socket ?? event] = port;
      }
    });
  }

  /** Starts `script` (see `bundle`) and waits until it answers. `models` is the folder that it may read. */
  static async start(script: string, models: string, more: More = {}): Promise<Workerd> {
    const clock = createServer().listen(0, '127.0.0.1');
    await once(clock, 'listening');
    const workerd = new Workerd(script, models, clock, more);
    while (!('http' in workerd.ports && 'listen-inspector' in workerd.ports)) {
      if (workerd.child.exitCode !== null) throw new Error('workerd ended');
      await sleep(2);
    }
    await (await fetch(workerd.url)).arrayBuffer();
    workerd.mark('answered');
    return workerd;
  }

  /** Makes one call and takes its time; throws an Error when the Worker fails. */
  async call(call: Call): Promise<{ result: unknown; wasmBytes: number; time: Time }> {
    const [wall, cpu] = [performance.now(), this.cpu()];
    const response = await fetch(this.url, { method: 'POST', body: JSON.stringify(call) });
    const body = await response.text();
    const time = { wall: performance.now() - wall, cpu: cpu === null ? null : this.cpu()! - cpu };
    if (!response.ok) throw new Error(`the bench Worker answered ${response.status}: ${body}`);
    return { ...JSON.parse(body), time };
  }

  /** One request, and its time. */
  async request(path: string, init?: RequestInit): Promise<{ body: string; status: number; time: Time }> {
    const [wall, cpu] = [performance.now(), this.cpu()];
    const response = await fetch(new URL(path, this.url), init);
    const body = await response.text();
    const time = { wall: performance.now() - wall, cpu: cpu === null ? null : this.cpu()! - cpu };
    return { body, status: response.status, time };
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** What the process does in this time without being asked. */
  async later(ms: number): Promise<Time> {
    const before = this.cpu();
    await sleep(ms);
    return { wall: 0, cpu: before === null ? null : this.cpu()! - before };
  }

  /** Bytes of the isolate's JavaScript heap and of the buffers behind its typed arrays, garbage included. */
  heapBytes(): Promise<number> {
    return heapBytes(this.inspector);
  }

  /** The same without garbage. */
  heldBytes(): Promise<number> {
    return heldBytes(this.inspector, () => this.request('/'));
  }

  private get inspector(): string {
    return `ws://127.0.0.1:${this.ports['listen-inspector']}/main`;
  }

  async stop(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
    this.clock.close();
    this.clock.closeAllConnections();
    rmSync(this.folder, { recursive: true });
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.http}/`;
  }

  private mark(event: string): void {
    this.marks.push({ event, wall: performance.now(), cpu: this.cpu() });
  }

  /**
   * Nanosecond counters of the scheduler:
   * https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
   */
  private cpu(): number | null {
    const tasks = `/proc/${this.child.pid}/task`;
    if (!existsSync(tasks)) return null;
    const times = readdirSync(tasks).map((task) => {
      const [nanoseconds] = readFileSync(join(tasks, task, 'schedstat'), 'utf8').split(' ');
      return Number(nanoseconds);
    });
    return times.reduce((sum, time) => sum + time, 0) / 1e6;
  }
}

/** https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp */
function config(
  models: string,
  clockPort: number,
  { services = [], bindings = [], worker = '', heapMb, wrappers = {} }: More,
): string {
  const modules = Object.keys(wrappers).map(
    (name) => `(name = "bench:${name}", internal = true, esModule = embed "${name}.js")`,
  );
  const [, date] = /^compatibility_date = "(.*)"$/m.exec(readFileSync(join(ROOT, 'wrangler.toml'), 'utf8'))!;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [
        (name = "worker.js", esModule = embed "worker.js"),
        (name = "${WASM}", wasm = embed "ort.wasm"),
      ],
      bindings = [
        (name = "MODELS", service = "models"), (name = "CLOCK", service = "clock"), ${bindings.join(', ')}
      ],
      compatibilityDate = "${date}", ${worker}
    )),
    (name = "models", disk = "${models}"),
    (name = "clock", external = (address = "127.0.0.1:${clockPort}", http = ())), ${services.join(', ')}
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
  v8Flags = [${heapMb === undefined ? '' : `"--max-heap-size=${heapMb}"`}],
  extensions = [(modules = [${modules.join(', ')}])],
);
`;
}
