/** What `docs/performance.md` says of growth. */
import { existsSync, readFileSync } from 'node:fs';
import { markdownTable } from '../../docs/markdown.ts';
import type { ColdStart } from '../cold-start.ts';
import type { RequestCosts } from './requests.ts';

export const GROWTH_JSON = 'docs/growth.json';

/** What is wanted of the last line; null: not measured. */
export interface Ratios {
  log_1m_over_1k: number | null;
  log_100k_over_1k: number;
  items_1m_over_4k: number | null;
  /** WASM, JavaScript's heap and the buffers behind its arrays after garbage collection, megabytes. */
  isolate_mb_1m: number | null;
  /** The most that was seen between requests, garbage included. */
  isolate_seen_mb_1m: number | null;
  items_100k_over_4k: number | null;
  isolate_mb_100k: number | null;
  isolate_seen_mb_100k: number | null;
  sequential_reads: number;
  delay_ms_20_60: number;
  request_over_engine: number;
  first_over_init: number;
  own_cache_over_earn_400: number;
  late_codes_over_earn_400: number;
  own_cache_bytes_over_earn_400: number;
}

export interface Growth extends Ratios {
  command: string;
  requests: RequestCosts;
  /** CPU milliseconds per request by events in the log. */
  logs: Record<string, number>;
  start: ColdStart;
}

const LABELS: [ratio: keyof Ratios, label: string][] = [
  ['log_100k_over_1k', 'a request with 100,000 events in the log / with 1,000, CPU'],
  ['log_1m_over_1k', 'with 1,000,000 / with 1,000'],
  ['items_100k_over_4k', 'a returning request with 100,000 items / with the embedded model, CPU'],
  ['isolate_mb_100k', 'MB of an isolate with 100,000 items, after the requests'],
  ['isolate_seen_mb_100k', 'the most that was seen between requests, with garbage'],
  ['items_1m_over_4k', 'a returning request with 1,000,000 items / with the embedded model, CPU'],
  ['isolate_mb_1m', 'MB of an isolate with 1,000,000 items, after the requests'],
  ['isolate_seen_mb_1m', 'the most that was seen between requests, with garbage'],
  ['sequential_reads', 'reads that a list waits for one after the other'],
  ['delay_ms_20_60', 'ms of a list, the log 20 ms and the store 60 ms away'],
  ['request_over_engine', 'whole returning request / the engine’s part, CPU'],
  ['first_over_init', 'first answer / onnxruntime’s initialisation'],
  ['own_cache_over_earn_400', 'the same decoder with its own cache / EARN, CPU, 400 items'],
  ['late_codes_over_earn_400', 'that one with codes in the last layers alone / EARN'],
  ['own_cache_bytes_over_earn_400', 'bytes of their states'],
];

const REQUESTS: [kind: keyof RequestCosts, label: string][] = [
  ['hit', '`GET …/recommendations`, another list of a kept state'],
  ['extended', '`POST …/recommendations` with three new items, one of five of a visit'],
  ['alone', 'the same, the only request of a visit'],
  ['engine', 'the engine’s part of either'],
  ['calls', 'calls of the user’s object and the store, in a request that does nothing else'],
  ['miss', '`POST …/recommendations` of a new user, 200 items'],
  ['append', '`POST …/interactions`, three items'],
  ['batch_list', '`POST /v1/recommendations:batch`, per list of 200 items'],
  ['item', '`GET /v1/items/{id}`'],
];

/** The passages of the documents, by name. */
export function growthPassages(): Record<string, string> {
  if (!existsSync(GROWTH_JSON)) return {};
  const growth: Growth = JSON.parse(readFileSync(GROWTH_JSON, 'utf8'));
  const { command, requests, logs } = growth;
  return {
    ...(growth.isolate_mb_100k !== null && { isolate_mb_100k: megabytes(growth.isolate_mb_100k) }),
    ...(growth.isolate_mb_1m !== null && { isolate_mb_1m: megabytes(growth.isolate_mb_1m) }),
    'growth:run': `\`${command}\`.`,
    'growth:ratios': markdownTable(
      ['', 'measured'],
      LABELS.filter(([ratio]) => growth[ratio] != null).map(([ratio, label]) => [
        label,
        String(growth[ratio]),
      ]),
    ),
    'growth:requests': markdownTable(
      ['request', 'CPU ms'],
      REQUESTS.filter(([kind]) => kind in requests).map(([kind, label]) => [
        label,
        requests[kind].toFixed(1),
      ]),
    ),
    'growth:logs': markdownTable(
      ['events in the log', ...Object.keys(logs).map((events) => Number(events).toLocaleString('en'))],
      [['CPU ms per request', ...Object.values(logs).map((ms) => ms.toFixed(1))]],
    ),
  };
}

const megabytes = (mb: number) => `${mb.toFixed(0)} MB`;
