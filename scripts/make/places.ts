/**
 * Where `make` keeps what it makes. A run works in folders of its own, and puts data, checkpoint and model
 * into place together at its end: until then the ones before it stay as they were.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { MANIFEST_FILE } from '../../worker/models/manifest.ts';
import { UserError } from '../errors.ts';

export interface Places {
  name: string;
  data: string;
  checkpoint: string;
  model: string;
}

/** Where the results are. @throws {UserError} when `out` is a folder of something else */
export function placesOf(out: string): Places {
  if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, MANIFEST_FILE))) {
    throw new UserError(`--out: ${out} holds other files and no model; name another folder`);
  }
  const name = basename(resolve(out));
  return { name, data: join('data', name), checkpoint: join('runs', name), model: out };
}

/** Where a run works until it is done. */
export function workPlaces({ name, model }: Places): Places {
  return {
    name,
    data: join('data', '.next', name),
    checkpoint: join('runs', '.next', name),
    model: join(dirname(model), `${name}.next`),
  };
}

/** The file that makes a folder whole, and the files that a new one may not have. */
const KINDS = {
  data: { last: 'interactions.csv', stale: /^events\.json$/ },
  checkpoint: { last: 'config.json', stale: undefined },
  model: { last: MANIFEST_FILE, stale: /\.(onnx|bin)$/ },
} as const;
const NAMES = ['data', 'checkpoint', 'model'] as const;

/** What is to be put into place: where it is, and its files. */
type Journal = Record<(typeof NAMES)[number], { from: string; files: string[] }>;

const journalOf = ({ name }: Places) => join('runs', '.next', `${name}.json`);

/** Puts all three into place. When it is interrupted, `finishReplacing` does the rest. */
export function replace(work: Places, places: Places): void {
  const entries = NAMES.map((name) => [name, { from: work[name], files: readdirSync(work[name]) }]);
  writeFileSync(`${journalOf(places)}.part`, JSON.stringify(Object.fromEntries(entries)));
  renameSync(`${journalOf(places)}.part`, journalOf(places));
  finishReplacing(places);
}

/** Finishes what an interrupted run had begun to put into place, if anything. */
export function finishReplacing(places: Places): void {
  const path = journalOf(places);
  if (!existsSync(path)) return;
  const journal: Journal = JSON.parse(readFileSync(path, 'utf8'));
  for (const name of NAMES) moveInto(places[name], { ...journal[name], ...KINDS[name] });
  rmSync(path);
}

/**
 * Moves files into a folder. Other files there are left alone, but for stale ones of what is replaced. `last`
 * goes first and comes last, so a folder that has it is whole. Each step may be repeated.
 */
function moveInto(
  to: string,
  { from, files, last, stale }: Journal[keyof Journal] & { last: string; stale: RegExp | undefined },
): void {
  if (from === to || !existsSync(from)) return;
  mkdirSync(to, { recursive: true });
  // With `last` still to come, what is missing here was moved before an interruption.
  if (existsSync(join(from, last))) {
    rmSync(join(to, last), { force: true });
    for (const name of files) {
      if (name !== last && existsSync(join(from, name))) renameOver(join(from, name), join(to, name));
    }
    for (const name of readdirSync(to)) {
      if (stale?.test(name) && !files.includes(name)) rmSync(join(to, name));
    }
    renameSync(join(from, last), join(to, last));
  }
  rmSync(from, { recursive: true });
}

function renameOver(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  renameSync(from, to);
}
