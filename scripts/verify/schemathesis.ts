/** Schemathesis in a Python environment of its own: https://schemathesis.readthedocs.io */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors.ts';

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
const environment = fileURLToPath(new URL('../../node_modules/.cache/schemathesis', import.meta.url));
/** A copy of the file that the environment was made from. */
const installed = join(environment, 'requirements.txt');

/** The program, installed at its first use. @throws {UserError} when Python or its packages can't be had */
export function schemathesis(): string {
  const bin = join(environment, 'bin');
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== readFileSync(requirements, 'utf8')) {
    run(process.env.PYTHON ?? 'python3', '-m', 'venv', '--clear', environment);
    run(join(bin, 'python'), '-m', 'pip', 'install', '--quiet', '-r', requirements);
    copyFileSync(requirements, installed);
  }
  return join(bin, 'schemathesis');
}

function run(program: string, ...args: string[]): void {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new UserError(`${program} ${args.join(' ')}: ${error?.message ?? status}`);
}
