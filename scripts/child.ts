/** Runs another program as a step of a command. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { text } from 'node:stream/consumers';

export interface ChildOptions {
  /** Environment variables, unless this process already has one of that name. */
  env?: Record<string, string>;
  /** Environment variables, whatever this process has. */
  overrides?: Record<string, string>;
  /** Whether to return its stdout instead of showing it; its stderr is always shown. @default false */
  capture?: boolean;
}

/**
 * Runs a program to its end and returns what it printed, if that was captured. Exits with the program's
 * status if that is not 0. When this process ends first, the program ends with it.
 * @throws when the program can't be started
 */
export async function runChild(
  command: string,
  args: string[],
  { env = {}, overrides = {}, capture = false }: ChildOptions = {},
): Promise<string> {
  const child = spawn(command, args, {
    env: { ...env, ...process.env, ...overrides },
    stdio: ['inherit', capture ? 'pipe' : 'inherit', 'inherit'],
  });
  const end = () => child.kill();
  process.once('exit', end);
  const [printed, [status, signal]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    once(child, 'exit'),
  ]);
  process.off('exit', end);
  if (status !== 0) process.exit(status ?? 128 + constants.signals[signal as NodeJS.Signals]);
  return printed;
}
