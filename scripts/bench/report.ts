/** The tables for people, on stderr. */
import type { ColdStart } from './cold-start.ts';

/** One scenario. Times are medians of milliseconds an answer, of CPU where the system tells it. */
export interface Row {
  variant: string;
  history: number;
  fresh: number | null;
  beam: number;
  ms: number;
  p95_ms: number;
  wall_ms: number;
  wall_p95_ms: number;
  prefill_ms: number;
  decode_ms: number;
  bookkeeping_ms: number;
  coding_ms: number;
  state_bytes: number;
  /** Millions of operations that can't be avoided. */
  int8_mops: number | null;
  float32_mops: number | null;
  /** int8 operations / (time * peak). */
  efficiency: number | null;
  /** Of an isolate that does nothing else; measured for 200 items and a beam of 20. */
  wasm_mb?: number;
  js_mb?: number;
}

/** The row of 20 beams; undefined where the histories were too short for it. */
export function findRow(
  rows: Row[],
  variant: string,
  history: number,
  fresh: number | null,
): Row | undefined {
  return rows.find(
    (row) => row.variant === variant && row.history === history && row.fresh === fresh && row.beam === 20,
  );
}

/** What the bench prints for machines. */
export interface Bench {
  command: string;
  date: string;
  /** The model's id. */
  model: string;
  /** Of medians. */
  ratios: Record<string, number | null>;
  start: ColdStart;
  /** Bare int8 products, by the rows that are multiplied at once. */
  peaks: { rows: number; gops: number }[];
  /** The fastest of them. */
  peak_int8_gops: number;
  rows: Row[];
}

export function report({ rows, peaks, start, ratios }: Bench): void {
  const table = new console.Console(process.stderr);
  table.table(rows);
  table.log('int8 products, GOP/s by rows');
  table.table(Object.fromEntries(peaks.map(({ rows, gops }) => [rows, gops])));
  table.log('Cold start, ms');
  table.table(start);
  table.log('Ratios');
  table.table(ratios);
}
