/** The tables of `docs/performance.md`, as Markdown. */
import { type Bench, findRow } from '../bench/report.ts';
import { markdownTable } from '../docs/markdown.ts';

const RATIOS: [ratio: string, label: string][] = [
  ['full_over_cold_200', 'full / cold, 200 items'],
  ['full_over_warm_200', 'full / warm, 200 items'],
  ['full_over_warm_400', 'full / warm, 400 items'],
  ['own_cache_over_warm_400', 'full with state / warm, 400 items'],
  ['late_over_warm_400', 'late with state / warm, 400 items'],
  ['usual_over_warm_200', 'usual / warm, 200 items'],
  ['usual_over_latent_200', 'usual / latent, 200 items'],
  ['sasrec_over_latent_200', 'SASRec / latent, 200 items'],
  ['warm_growth_50_400', 'warm, 400 items / 50 items'],
  ['first_over_warm', 'first answer of an empty process / warm answer, 200 items'],
];

/** What writes each passage. */
const PASSAGES: Record<string, (bench: Bench) => string> = {
  run: ({ command, date, model }) => `\`${command}\`, ${date}, model \`${model}\`.`,
  ratios: ({ ratios }) => {
    const percent = (share: number | null, digits: number) =>
      `${(100 * (share ?? Number.NaN)).toFixed(digits)} %`;
    return markdownTable(
      ['ratio of medians, 20 beams', 'measured'],
      [
        ...RATIOS.filter(([ratio]) => ratios[ratio] != null).map(([ratio, label]) => [
          label,
          String(ratios[ratio]),
        ]),
        ['bytes of state, against full in float32, 200 items', `-${percent(ratios.state_reduction_200, 1)}`],
        ['efficiency of warm, 200 items', percent(ratios.efficiency_warm_200, 0)],
      ],
    );
  },
  times: ({ rows }) => {
    const columns: [variant: string, fresh: number | null, title: string][] = [
      ['usual', null, 'usual'],
      ['full', null, 'full'],
      ['sasrec', null, 'SASRec'],
      ['cold', null, 'cold'],
      ['warm', 3, 'warm'],
      ['same', 0, 'same'],
      ['full with state', 3, 'full with state'],
      ['latent', 3, 'latent'],
    ];
    const histories = [...new Set(rows.map(({ history }) => history))];
    return markdownTable(
      ['history', ...columns.map(([, , title]) => title)],
      histories.map((history) => [
        String(history),
        ...columns.map(([variant, fresh]) => ms(findRow(rows, variant, history, fresh)?.ms)),
      ]),
    );
  },
  parts: ({ rows }) => {
    const shown = ['usual', 'full', 'sasrec', 'cold', 'warm', 'latent'].flatMap((variant) => {
      const fresh = variant === 'warm' || variant === 'latent' ? 3 : null;
      return findRow(rows, variant, 200, fresh) ?? [];
    });
    return markdownTable(
      [
        '200 items',
        'answer',
        'prefill',
        'decode',
        'bookkeeping',
        'coding',
        'WASM MB',
        'JavaScript MB',
        'stored kB',
      ],
      shown.map((row) => [
        row.variant,
        ...[row.ms, row.prefill_ms, row.decode_ms, row.bookkeeping_ms, row.coding_ms].map(ms),
        row.wasm_mb!.toFixed(0),
        row.js_mb!.toFixed(0),
        (row.state_bytes / 1000).toFixed(0),
      ]),
    );
  },
  start: ({ start }) =>
    markdownTable(
      ['script', 'onnxruntime', 'files', 'sessions', 'first answer', 'all'],
      [
        [start.script, start.wasm, start.files, start.sessions, start.answer, start.total].map((time) =>
          time.toFixed(0),
        ),
      ],
    ),
  peaks: ({ peaks }) =>
    markdownTable(
      ['rows', ...peaks.map(({ rows }) => String(rows))],
      [['GOP/s', ...peaks.map(({ gops }) => gops.toFixed(0))]],
    ),
};

function ms(time: number | undefined): string {
  return time === undefined ? '' : time.toFixed(1);
}

/** The passages by name. */
export function performancePassages(bench: Bench): Record<string, string> {
  const ratios = Object.entries(bench.ratios).map(([name, ratio]) => [`ratio:${name}`, times(ratio)]);
  const passages = Object.entries(PASSAGES).map(([name, tell]) => [name, tell(bench)]);
  return Object.fromEntries([...passages, ...ratios, ['warm_latent_ms', `${ms(latentMs(bench))} ms`]]);
}

/** A factor with two significant digits. */
const times = (ratio: number | null) => `${Number((ratio ?? Number.NaN).toPrecision(2))}x`;

const latentMs = ({ rows }: Bench) => findRow(rows, 'latent', 200, 3)?.ms;
