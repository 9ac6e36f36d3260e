/** The project's own Python environment, for gradient descent and what is compared with it. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
export function runPython(args: string[]): void {
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== readFileSync(requirements, 'utf8')) {
    console.error('Making a Python environment in .venv (PyTorch is a download of some gigabytes) …');
    rmSync(environment, { recursive: true, force: true });
    const system = process.env.PYTHON ?? (process.platform === 'win32' ? 'python' : 'python3');
    run(system, ['-m', 'venv', environment]);
    run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
    copyFileSync(requirements, installed);
  }
  run(python, args);
}

function run(command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error) console.error(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}
