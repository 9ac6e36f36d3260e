/** Another program as part of a command. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { text } from 'node:stream/consumers';

export interface ChildOptions {
  /** Variables that it gets where this process has none of that name. */
  env?: Record<string, string>;
  /** Whether what it prints is returned instead of shown; its stderr is always shown. @default false */
  capture?: boolean;
}

/**
 * Runs a program to its end and returns what it printed, if that was captured. Ends this process with the
 * program's exit status when that is not 0, and the program when this process ends, so that no training goes
 * on without its command.
 * @throws when the program can't be started
 */
export async function runChild(
  command: string,
  args: string[],
  { env = {}, capture = false }: ChildOptions = {},
): Promise<string> {
  const child = spawn(command, args, {
    env: { ...env, ...process.env },
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
