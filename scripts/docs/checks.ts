/**
 * `docs/checks.json`: what the last runs of checks and of `bench:size` printed, by the name of the command.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Part } from '../bench/size.ts';
import type { ChangingTotals } from '../verify/changing.ts';
import type { Totals } from '../verify/incremental.ts';
import { bold, count, markdownTable, share } from './markdown.ts';

const PATH = 'docs/checks.json';

/** What all of them print. */
interface Check {
  /** The command line. */
  command: string;
}

interface Incremental extends Check, Totals {
  /** Under a changing catalogue; runs from before it was looked at have none. */
  changing?: ChangingTotals;
  mean_items: number;
  mean_state_bytes: number;
  full_f32_bytes: number;
  state_reduction: number;
}

interface Beam extends Check {
  users: number;
  'overlap@10': Record<string, number>;
}

interface PyTorch extends Check {
  users: number;
  longest_history: number;
  largest_difference: number;
}

interface Memory {
  wasm_mb: number;
  js_mb: number;
  mb: number;
}

interface Size extends Check {
  model_mb: number;
  isolate_mb: number;
  parts: Part[];
  memory: { loaded: Memory; early: Memory; last: Memory; peak_mb: number };
}

export interface Checks {
  'verify:incremental'?: Incremental;
  'verify:beam'?: Beam;
  'verify:pytorch'?: PyTorch;
  'bench:size'?: Size;
}

export function readChecks(): Checks {
  return existsSync(PATH) ? JSON.parse(readFileSync(PATH, 'utf8')) : {};
}

export function writeChecks(checks: Checks): void {
  writeFileSync(PATH, `${JSON.stringify(checks, null, 1)}\n`);
}

/** The passages that checks give, by name; none of a check that has not run. */
export function checkPassages(checks: Checks): Record<string, string> {
  const { 'verify:incremental': incremental, 'bench:size': size } = checks;
  return {
    exactness: exactness(checks),
    ...(incremental && statePassages(incremental)),
    ...(size && sizePassages(size)),
  };
}

function exactness(checks: Checks): string {
  const { 'verify:pytorch': pytorch, 'verify:beam': beam, 'verify:incremental': incremental } = checks;
  const rows: string[][] = [];
  if (pytorch) {
    rows.push([
      `float32 graphs against PyTorch, ${pytorch.users} users, histories up to ${pytorch.longest_history}`,
      `\`${pytorch.command}\``,
      `largest difference of a logit ${pytorch.largest_difference.toExponential(1)}`,
    ]);
  }
  if (beam) {
    const overlaps = Object.entries(beam['overlap@10']).map(
      ([width, overlap]) => `${width}: ${share(overlap, 3)}`,
    );
    rows.push([
      `beam against all items scored, overlap of the first ten, ${beam.users} users`,
      `\`${beam.command}\``,
      `beam ${overlaps.join(', ')}`,
    ]);
  }
  if (incremental) {
    const { users, visits, state_mismatches, list_mismatches, prefill_excess_items } = incremental;
    rows.push([
      `returning users against a cold start, ${users} users, ${count(visits)} visits`,
      `\`${incremental.command}\``,
      `${state_mismatches} states differ, ${list_mismatches} lists differ, ` +
        `${prefill_excess_items} items prefilled too many; ${incremental.window_moves} window moves`,
    ]);
  }
  if (incremental?.changing) {
    const { operations, lists, catalogue_changes, taken_back, merged, wrong, lost } = incremental.changing;
    rows.push([
      `the same under a changing catalogue, ${count(operations)} random operations`,
      `\`${incremental.command}\``,
      `${wrong} of ${count(lists)} lists wrong, ${lost} interactions lost; ${count(catalogue_changes)} changes ` +
        `of the catalogue, ${taken_back} returns, ${merged} merges`,
    ]);
  }
  return markdownTable(['what', 'command', 'result'], rows);
}

function statePassages(incremental: Incremental): Record<string, string> {
  const { mean_items, mean_state_bytes, full_f32_bytes, state_reduction, visits, users } = incremental;
  return {
    state_bytes: `${count(mean_state_bytes)} bytes`,
    state_kb: `${count(mean_state_bytes / 1000, 1)} kB`,
    state_items: `${mean_items} items`,
    state_full_bytes: `${count(full_f32_bytes)} bytes`,
    state_reduction: `-${(100 * state_reduction).toFixed(1)} %`,
    incremental_users: `${users} users`,
    incremental_visits: `${count(visits)} visits`,
    incremental_differences: `${incremental.state_mismatches + incremental.list_mismatches}`,
  };
}

/** The first parts are the Worker's: script, WASM and page. The others are assets. */
const WORKER_PARTS = 3;

function sizePassages({ model_mb, isolate_mb, parts, memory }: Size): Record<string, string> {
  const row = ({ part, files, kb, gzip_kb, largest_kb }: Part) => [
    files > 1 ? `${part}, ${files} files` : part,
    count(kb),
    count(gzip_kb),
    files > 1 ? count(largest_kb) : '',
  ];
  const total = (key: 'kb' | 'gzip_kb', some: Part[]) =>
    count(some.reduce((sum, part) => sum + part[key], 0));
  const worker = parts.slice(0, WORKER_PARTS);
  const sizes = [
    ...worker.map(row),
    [bold('the Worker, all of it'), bold(total('kb', worker)), bold(total('gzip_kb', worker)), ''],
    ...parts.slice(WORKER_PARTS).map(row),
  ];
  const { loaded, early, last, peak_mb } = memory;
  const megabytes = (name: string, { wasm_mb, js_mb, mb }: Memory) => [
    name,
    ...[wasm_mb, js_mb, mb].map((value) => value.toFixed(1)),
  ];
  return {
    model_mb: `${model_mb.toFixed(1)} MB`,
    isolate_mb: `${isolate_mb.toFixed(0)} MB`,
    sizes: markdownTable(['part', 'kB', 'gzip kB', 'largest file, kB'], sizes),
    memory: markdownTable(
      ['MB of the isolate', 'WASM', "JavaScript's heap and buffers", 'both'],
      [
        megabytes('with the model loaded', loaded),
        megabytes('median of the first tenth of the requests', early),
        megabytes('median of the last tenth', last),
        ['largest seen', '', '', peak_mb.toFixed(1)],
      ],
    ),
  };
}
