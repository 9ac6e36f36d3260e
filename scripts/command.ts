/** What all commands share: options that are declared, `--help`, and mistakes told in one line. */
import { parseArgs } from 'node:util';
import { ModelUnavailable } from '../worker/engine/errors.ts';
import { UserError } from './errors.ts';
import { describeOptions, fill, type Options, UsageError, type Values, valuesOf } from './options.ts';

/** What a command gets beside the values of its options. */
export interface Context {
  /** Arguments that are no options. */
  positionals: string[];
  /** Arguments after `--`, for another program. */
  rest: string[];
  /** The whole command as one types it, for what is to be reproduced. */
  command: string;
  /** Prints a line on stdout. */
  print(line: string): void;
}

export interface Definition<O extends Options> {
  /** The command as one types it, and what it does. Its paragraphs are filled, and the options added. */
  usage: string;
  options: O;
  /** Arguments that are no options. @default none */
  positionals?: { name: string; min: number; max: number };
  /** What the arguments after `--` are. @default such arguments are refused */
  rest?: string;
  main(values: Values<O>, context: Context): void | Promise<void>;
}

export interface Command {
  /** What `--help` prints. */
  usage: string;
  /**
   * Runs the command with these arguments.
   * @throws {UsageError} for wrong arguments
   * @throws {UserError} for anything else that the user can solve
   */
  execute(args: string[], print?: (line: string) => void): Promise<void>;
}

/**
 * Declares a command; {@link runCommand} runs it.
 * @example
 * const command = defineCommand({
 *   usage: 'npm run count -- --data DIR [options]\n\nCounts the users of a dataset.',
 *   options: {
 *     data: { type: 'folder', holds: 'items.jsonl', required: true, description: 'the dataset' },
 *     most: { type: 'integer', min: 1, default: 100, description: 'stop after so many users' },
 *   },
 *   async main({ data, most }, { print }) {
 *     print(JSON.stringify(await count(data, most)));
 *   },
 * });
 * if (import.meta.main) await runCommand(command);
 */
export function defineCommand<const O extends Options>(definition: Definition<O>): Command {
  const { options, main } = definition;
  const [name] = definition.usage.split(/ (?:\[?-- |\[|$)|\n/);
  const usage = `${fill(`Usage: ${definition.usage}`)}\n\nOptions\n${describeOptions(options)}`;
  return {
    usage,
    async execute(args, print = console.log) {
      const end = args.indexOf('--');
      const own = end < 0 ? args : args.slice(0, end);
      if (own.includes('--help')) return print(usage);
      const rest = end < 0 ? [] : args.slice(end + 1);
      if (rest.length > 0 && !definition.rest)
        throw new UsageError(`unexpected arguments after --: ${rest.join(' ')}`);
      const { values, positionals } = parse(own, options);
      checkPositionals(positionals, definition.positionals);
      const command = [name, ...(args.length > 0 ? ['--', ...args.map(quoted)] : [])].join(' ');
      await main(valuesOf(options, values), { positionals, rest, command, print });
    },
  };
}

/** An argument as one types it in a shell. */
const quoted = (arg: string): string => (/^[\w./:=,@-]+$/.test(arg) ? arg : `'${arg}'`);

function parse(args: string[], options: Options) {
  const flags = Object.entries(options).map(([name, option]) => {
    const multiple = option.type !== 'boolean' && option.multiple === 'repeated';
    return [name, { type: option.type === 'boolean' ? 'boolean' : 'string', multiple } as const];
  });
  try {
    return parseArgs({ args, options: Object.fromEntries(flags), allowPositionals: true });
  } catch (error) {
    // The first sentence names the option; the rest is advice on how to escape a dash.
    throw new UsageError((error as Error).message.split(/\.\s/)[0]);
  }
}

function checkPositionals(given: string[], expected = { name: '', min: 0, max: 0 }): void {
  const { name, min, max } = expected;
  if (given.length > max) throw new UsageError(`unexpected argument: ${given[max]}`);
  if (given.length < min) throw new UsageError(`${name} is missing`);
}

/**
 * Runs a command with the arguments of this process. Ends it with status 2 for whatever the user can solve:
 * wrong arguments, which are told with the usage, data or files that can't be used, a full disk. A bug keeps
 * its stack trace.
 */
export async function runCommand({ usage, execute }: Command): Promise<void> {
  exitOnSignals();
  try {
    await execute(process.argv.slice(2));
  } catch (error) {
    if (!isForUser(error)) throw error;
    console.error(`error: ${error.message}`);
    if (error instanceof UsageError) console.error(`\n${usage}`);
    process.exitCode = 2;
  }
}

/**
 * Makes signals end this process by `process.exit`, so that exit handlers run: they remove what is
 * half-written.
 */
function exitOnSignals(): void {
  process.once('SIGINT', () => process.exit(128 + 2));
  process.once('SIGTERM', () => process.exit(128 + 15));
}

function isForUser(error: unknown): error is Error {
  if (error instanceof UserError) return true;
  if (error instanceof ModelUnavailable) return error.reason !== 'runtime_failed';
  return error instanceof Error && 'syscall' in error;
}
