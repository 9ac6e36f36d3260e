/** `docs/results.json`: one row per model, dataset, protocol and decoder. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const PATH = 'docs/results.json';

/** What `npm run evaluate` and `npm run rank` print. */
export interface Run {
  dataset: string;
  protocol: string;
  cases: number;
  model: string;
  precision: 'int8' | 'float32';
  beam: number;
  depth: number;
  register_depth: number;
  /** Size of the local window; absent in old rows. */
  local_window?: number;
  parameters: number;
  seed: number;
  command: string;
  /** The ranker that a request without options gets; absent where nothing is served. */
  default?: string;
  results: Record<string, Record<string, unknown>>;
  yardsticks?: Record<string, Record<string, unknown>>;
  verdict?: Record<string, unknown>;
}

export interface Row extends Omit<Run, 'default' | 'results' | 'yardsticks'> {
  /** What people call the model. */
  name: string;
  decoder: string;
  'hr@10': number;
  'ndcg@10': number;
  interval95?: Record<string, [number, number]>;
  by_history?: Record<string, { cases: number; 'hr@10': number; 'ndcg@10': number }>;
  [metric: string]: unknown;
}

export function readRows(): Row[] {
  return existsSync(PATH) ? JSON.parse(readFileSync(PATH, 'utf8')) : [];
}

export function writeRows(rows: Row[]): void {
  writeFileSync(PATH, `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
}

/** Adds the rows of a run and removes those that it repeats. */
export function addRun(rows: Row[], name: string, { results, yardsticks, verdict, ...facts }: Run): Row[] {
  const { default: default_decoder, ...run } = facts;
  const rowOf = (decoder: string, metrics: object) =>
    ({ name, decoder, ...run, default_decoder, ...metrics }) as unknown as Row;
  const added = [
    ...Object.entries(yardsticks ?? {}).map(([decoder, metrics]) => rowOf(decoder, metrics)),
    ...Object.entries(results).map(([decoder, metrics]) =>
      rowOf(decoder, decoder === default_decoder ? { ...metrics, verdict } : metrics),
    ),
  ];
  const key = (row: Row) =>
    [row.name, row.dataset, row.protocol, row.decoder, row.precision, row.beam].join('\n');
  const replaced = new Set(added.map(key));
  return [...rows.filter((row) => !replaced.has(key(row))), ...added];
}
