/** What the commands that take a user's own data have in common: flags in, messages of one line out. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { DataError } from './data/errors.ts';

/** @throws {DataError} for a flag that is unknown or lacks its value */
export function parseFlags<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    // The first sentence names the flag; the rest is advice on how to escape a dash.
    throw new DataError(`${(error as Error).message.split(/\.\s/)[0]} (--help prints usage)`);
  }
}

/** What a measuring command printed for machines: its last line, a JSON object. */
export function lastLine(printed: string): string {
  return printed.trimEnd().split('\n').at(-1)!;
}

/** Runs a command with the flags of the command line, and prints what is the user's to solve without a stack trace. */
export async function run(
  main: (args: string[], print: (line: string) => void) => Promise<void>,
): Promise<void> {
  // Exit handlers, which remove what is half-written, run only when the process ends by itself.
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.once(signal, () => process.exit(128 + number));
  }
  try {
    await main(process.argv.slice(2), console.log);
  } catch (error) {
    // A system error (disk full, no permission) is the user's to solve and also says enough in one line.
    if (!(error instanceof DataError) && !(error as NodeJS.ErrnoException).syscall) throw error;
    console.error(`error: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
