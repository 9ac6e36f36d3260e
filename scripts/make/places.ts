/**
 * Where `make` keeps what it makes. A run works in folders of its own, and puts data, checkpoint and model
 * into place together at its end: until then the ones before it stay as they were.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { filesOf, MANIFEST_FILE, parseManifest } from '../../worker/models/manifest.ts';
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

/** Folders in the order in which they are put into place, with the file that makes each whole. */
const moves = (from: Places, to: Places) =>
  [
    { from: from.data, to: to.data, last: 'interactions.csv' },
    { from: from.checkpoint, to: to.checkpoint, last: 'config.json' },
    { from: from.model, to: to.model, last: MANIFEST_FILE, stale: /\.(onnx|bin)$/ },
  ] as const;

type Move = { from: string; to: string; last: string; stale?: RegExp };

const journalOf = ({ name }: Places) => join('runs', '.next', `${name}.json`);

/** Puts all three into place. When it is interrupted, `finishReplacing` does the rest. */
export function replace(work: Places, places: Places): void {
  writeFileSync(`${journalOf(places)}.part`, JSON.stringify(work));
  renameSync(`${journalOf(places)}.part`, journalOf(places));
  finishReplacing(places);
}

/** Finishes what an interrupted run had begun to put into place, if anything. */
export function finishReplacing(places: Places): void {
  const journal = journalOf(places);
  if (!existsSync(journal)) return;
  const work: Places = JSON.parse(readFileSync(journal, 'utf8'));
  for (const move of moves(work, places)) moveInto(move);
  rmSync(journal);
}

/**
 * Moves the files of a folder into another one. Other files there are left alone, but for stale ones of what
 * is replaced. `last` goes first and comes last, so a folder that has it is whole.
 */
function moveInto({ from, to, last, stale }: Move): void {
  if (from === to || !existsSync(from)) return;
  mkdirSync(to, { recursive: true });
  const names = readdirSync(from);
  // With `last` still to come, what is missing here was moved before an interruption.
  if (names.includes(last)) {
    rmSync(join(to, last), { force: true });
    for (const name of names) if (name !== last) renameOver(join(from, name), join(to, name));
    if (stale) {
      const kept = named(join(from, last));
      for (const name of readdirSync(to))
        if (stale.test(name) && !kept.includes(name)) rmSync(join(to, name));
    }
    renameSync(join(from, last), join(to, last));
  }
  rmSync(from, { recursive: true });
}

function renameOver(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  renameSync(from, to);
}

/** Every file that a manifest names. */
function named(manifest: string): string[] {
  return filesOf(parseManifest(readFileSync(manifest))).map(({ path }) => path);
}
