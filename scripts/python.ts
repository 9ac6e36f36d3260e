/** The project's own Python environment, for gradient descent and what is compared with it. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildOptions, runChild } from './child.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The package `earn_train` with its `pyproject.toml` and tests. */
export const pythonFolder = join(root, 'scripts', 'train');
const environment = join(root, '.venv');
const project = join(pythonFolder, 'pyproject.toml');
/** A copy of the project file that the environment was made from. */
const installed = join(environment, 'pyproject.toml');
const python = join(
  environment,
  ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
);

/** PyTorch's builds without CUDA, 0.2 GB instead of 5.6. https://pytorch.org/get-started/locally/ */
const CPU_INDEX = 'https://download.pytorch.org/whl/cpu';

/**
 * Keeps glibc from returning large tensors to the system after each step, only to ask for them again: page
 * faults took a fifth of the training's CPU time (docs/log.md).
 */
const KEEP_MEMORY = { MALLOC_MMAP_THRESHOLD_: '4000000000', MALLOC_TRIM_THRESHOLD_: '4000000000' };

/**
 * Runs a command of the package. Its flags are checked by the system's Python first: neither `--help` nor a
 * wrong flag needs the environment, which is a large download.
 * @param command as `earn_train/flags.py` names it
 */
export async function runEarnTrain(
  command: string,
  args: string[],
  options: ChildOptions = {},
): Promise<string> {
  const checked = await runChild(systemPython(), ['-m', 'earn_train.flags', command, ...args], {
    env: { PYTHONPATH: pythonFolder, PYTHONDONTWRITEBYTECODE: '1' },
  });
  return args.includes('--help') ? checked : runPython(['-m', `earn_train.${command}`, ...args], options);
}

/**
 * Runs Python in `.venv`, which is made on first use and again when `pyproject.toml` changes. `PYTHON` names
 * the interpreter that it is made with. Ends this process with Python's exit status when that is not 0.
 * @example
 * await runPython(['-m', 'earn_train.train', '--data', 'data/ml-1m']);
 */
export async function runPython(args: string[], options: ChildOptions = {}): Promise<string> {
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== readFileSync(project, 'utf8')) {
    await makeEnvironment();
  }
  return runChild(python, args, { ...options, env: { ...KEEP_MEMORY, ...options.env } });
}

const systemPython = (): string =>
  process.env.PYTHON ?? (process.platform === 'win32' ? 'python' : 'python3');

async function makeEnvironment(): Promise<void> {
  const withoutCuda = !hasGpu() && (await isReachable(CPU_INDEX));
  const size = withoutCuda ? '0.2 GB' : 'up to 5.6 GB';
  console.error(`Making a Python environment in .venv (PyTorch is a download of ${size}) …`);
  rmSync(environment, { recursive: true, force: true });
  await runChild(systemPython(), ['-m', 'venv', environment]);
  // Of two builds of the pinned version pip takes the one with a local label, which is `+cpu`.
  const index = withoutCuda ? ['--extra-index-url', CPU_INDEX] : [];
  const install = ['-m', 'pip', 'install', '--quiet', ...index, '--editable', `${pythonFolder}[dev]`];
  await runChild(python, install);
  copyFileSync(project, installed);
}

const hasGpu = (): boolean => spawnSync('nvidia-smi', ['--list-gpus']).status === 0;

async function isReachable(url: string): Promise<boolean> {
  try {
    const { ok } = await fetch(`${url}/torch/`, { method: 'HEAD', signal: AbortSignal.timeout(10_000) });
    return ok;
  } catch {
    return false;
  }
}
