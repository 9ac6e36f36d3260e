/** The options of a command: how they are declared, checked and described. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from './errors.ts';

interface Common {
  description: string;
  /** Stands for the value in the usage. @default by type: `N`, the choices, `FILE`, `DIR`, `PATH` */
  value?: string;
  required?: true;
  /** Several values: the option given several times, or one value with commas in it. */
  multiple?: 'repeated' | 'commas';
}

interface Flag {
  type: 'boolean';
  description: string;
}

interface Text extends Common {
  type: 'string';
  default?: string;
}

/** `integer` takes whole numbers only. */
interface Numeric extends Common {
  type: 'integer' | 'number';
  min?: number;
  max?: number;
  default?: number | readonly number[];
}

interface Choice extends Common {
  type: 'choice';
  of: readonly string[];
  default?: string | readonly string[];
}

/** Something on disk that must exist; `path` is either of the two. */
interface OnDisk extends Common {
  type: 'file' | 'folder' | 'path';
  /** A file that the folder must have, or several of which it must have one. */
  holds?: string | readonly string[];
  default?: string;
}

export type Option = Flag | Text | Numeric | Choice | OnDisk;
export type Options = Record<string, Option>;

type One<O extends Option> = O extends Flag
  ? boolean
  : O extends Numeric
    ? number
    : O extends { of: readonly (infer C)[] }
      ? C
      : string;
type Given<O extends Option> = O extends { multiple: string } ? One<O>[] : One<O>;
type Value<O extends Option> = O extends Flag | { required: true } | { default: unknown }
  ? Given<O>
  : Given<O> | undefined;
type CamelCase<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

/** The checked values by name: `--keep-order` is `keepOrder`. */
export type Values<O extends Options> = {
  [K in keyof O & string as CamelCase<K>]: Value<O[K]>;
};

/** What is wrong with the arguments of a command; it is printed with the usage. */
export class UsageError extends UserError {
  override name = 'UsageError';
}

/**
 * The values of all options, with their defaults.
 * @param given what stands on the command line, by option
 * @throws {UsageError} for a value that the declaration does not allow, and for a required option that is not
 * given
 */
export function valuesOf<O extends Options>(
  options: O,
  given: Record<string, string | boolean | (string | boolean)[] | undefined>,
): Values<O> {
  const values = Object.entries(options).map(([name, option]) => {
    const camelCase = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    return [camelCase, checkedValue(`--${name}`, option, given[name])];
  });
  return Object.fromEntries(values) as Values<O>;
}

function checkedValue(flag: string, option: Option, given: unknown): unknown {
  if (option.type === 'boolean') return given ?? false;
  if (given === undefined) {
    if (option.required) throw new UsageError(`${flag} is needed: ${option.description}`);
    if (option.default === undefined || typeof option.default === 'object') return option.default;
    return oneValue(flag, option, String(option.default));
  }
  if (option.multiple === undefined) return oneValue(flag, option, given as string);
  const texts = option.multiple === 'commas' ? (given as string).split(',') : (given as string[]);
  return texts.map((text) => oneValue(flag, option, text));
}

function oneValue(flag: string, option: Exclude<Option, Flag>, text: string): string | number {
  const wrong = (expected: string) => new UsageError(`${flag}: expected ${expected}, found ${text || '""'}`);
  switch (option.type) {
    case 'integer':
    case 'number': {
      const value = text.trim() === '' ? Number.NaN : Number(text);
      const { min = -Infinity, max = Infinity } = option;
      const kind = option.type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
      if (!kind || value < min || value > max) throw wrong(describeNumber(option));
      return value;
    }
    case 'choice':
      if (!option.of.includes(text)) throw wrong(listOf(option.of));
      return text;
    case 'string':
      if (text === '') throw wrong('text');
      return text;
    default:
      checkOnDisk(flag, option, text);
      return text;
  }
}

function describeNumber({ type, min, max }: Numeric): string {
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  return [kind, min !== undefined && `from ${min}`, max !== undefined && `to ${max}`]
    .filter(Boolean)
    .join(' ');
}

function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function checkOnDisk(flag: string, { type, holds }: OnDisk, path: string): void {
  const found = existsSync(path) ? statSync(path) : undefined;
  const right = { file: found?.isFile(), folder: found?.isDirectory(), path: found }[type];
  const kind = { file: 'file', folder: 'folder', path: 'file or folder' }[type];
  if (!right) throw new UsageError(`${flag}: no such ${kind}: ${path}`);
  const names = holds === undefined ? [] : [holds].flat();
  if (names.length > 0 && !names.some((name) => existsSync(join(path, name)))) {
    throw new UsageError(`${flag}: ${path} has no ${listOf(names)}`);
  }
}

/** Width of the usage, in columns. */
const WIDTH = 110;

/** One paragraph per option: its name, what it takes, what it does, and its default. */
export function describeOptions(options: Options): string {
  const rows = Object.entries(options).map(([name, option]) => [
    `--${name}${option.type === 'boolean' ? '' : ` ${placeholder(option)}`}`,
    `${option.description}${describeDefault(option)}`,
  ]);
  return describeList([...rows, ['--help', 'print this']]);
}

/** Names and what they mean, in two columns. */
export function describeList(rows: string[][]): string {
  const column = Math.min(26, Math.max(...rows.map(([name]) => name.length)));
  const indent = ' '.repeat(column + 4);
  return rows
    .map(([name, text]) => {
      const lines = wrap(text, WIDTH - indent.length);
      const first = name.length > column ? [`  ${name}`] : [`  ${name.padEnd(column)}  ${lines.shift()}`];
      return [...first, ...lines.map((line) => indent + line)].join('\n');
    })
    .join('\n');
}

function placeholder(option: Exclude<Option, Flag>): string {
  if (option.value !== undefined) return option.value;
  if (option.type === 'choice') return option.of.join(option.multiple === 'commas' ? ',' : '|');
  const one = { string: 'TEXT', integer: 'N', number: 'X', file: 'FILE', folder: 'DIR', path: 'PATH' }[
    option.type
  ];
  return option.multiple === 'commas' ? `${one},…` : one;
}

function describeDefault(option: Option): string {
  if (option.type === 'boolean') return '';
  if (option.required) return ' (required)';
  return option.default === undefined ? '' : ` (default: ${option.default})`;
}

/** Fills the lines of each paragraph; one that has indented lines, such as a list, stays as it is. */
export function fill(text: string): string {
  const paragraphs = text.split('\n\n');
  return paragraphs.map((each) => (/^ /m.test(each) ? each : wrap(each, WIDTH).join('\n'))).join('\n\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
