/** The project's own Python environment, for gradient descent and what is compared with it. */
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildOptions, runChild } from './child.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
export const pythonFolder = join(root, 'scripts', 'train');
const environment = join(root, '.venv');
const requirements = join(pythonFolder, 'requirements.txt');
/** A copy of the requirements that the environment was made from. */
const installed = join(environment, 'requirements.txt');
const python = join(
  environment,
  ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
);

/**
 * Runs Python in `.venv`, which is made on first use and again when the requirements change. `PYTHON` names the
 * interpreter that it is made with. Ends this process with Python's exit status when that is not 0.
 */
export async function runPython(args: string[], options?: ChildOptions): Promise<string> {
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== readFileSync(requirements, 'utf8')) {
    console.error('Making a Python environment in .venv (PyTorch is a download of some gigabytes) …');
    rmSync(environment, { recursive: true, force: true });
    const system = process.env.PYTHON ?? (process.platform === 'win32' ? 'python' : 'python3');
    await runChild(system, ['-m', 'venv', environment]);
    await runChild(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
    copyFileSync(requirements, installed);
  }
  return runChild(python, args, options);
}
