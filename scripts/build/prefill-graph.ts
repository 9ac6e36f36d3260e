/**
 * *prefill*: new history items and S, on top of a history's cached keys and values.
 *
 * Layers 1..k run for every new row. With a sliding window those before k see P and the newest items alone.
 * After layer k only the *local* rows go on: S, and the newest items that S rests on (each of these layers
 * looks `localWindow` items further back, see `localReach`). Of a row that does not go on, only its key and
 * value are computed. The last layer goes on for S alone.
 *
 * Inputs:
 * - `token_vectors` float32 [1, new, width]: the new items' rows of the item table
 * - `position_ids` int64 [1, new + 1]: of the new items and S; if there are layers before k that see all,
 * `mask` float32 [1, (new + 1) * H, keys]: what each of them sees
 * - `past_key_values` [1, past, full * 2D]: of the layers up to k that see all; `key_padding`
 * [1, padding, 2D]: zeros
 * - with a sliding window `past_sliding_key_values` [1, m, sliding * 2D] of the newest items in the others;
 * `sliding_keys`, `sliding_mask`: what each new row sees there
 * - `local_rows` int32 [local]: which of the rows are local; `local_position_ids`, `local_history_mask`:
 * their parts
 * - `suffix_position_ids` int64 [1, 1]: S's
 * - `past_local_key_values` [1, m, layers * 2D]: of the items right before the local rows
 * - `local_keys`, `local_mask`: what each local row sees after layer k (`windowed` in
 * `worker/engine/masks.ts`)
 *
 * Outputs:
 * - `new_key_values` [1, new + 1, full * 2D], `sliding_key_values` [1, new + 1, sliding * 2D]
 * - `local_key_values` [1, local, layers * 2D] of the layers after k; without EARN of S in all layers
 * - `final_state` float32 [1, 1, width] of S, `code_logits` float32 [1, 1, codebook] of the first code
 *
 * Keys stand in the order of their positions, so a row sees key i (0 in the mask, else -inf) exactly when i
 * <= its own position. No row sees the padding, which comes last. It brings the number of keys to a multiple
 * of 16: then a row's sums do not depend on the rows and keys around it, as they would with the remainder
 * loops of SIMD.
 */
import { firstLocalLayer, type ModelConfig, slidingLayers, wholeLayers } from '../../worker/engine/config.ts';
import { EarnGraph, type GraphOptions, type Stream } from './earn-graph.ts';

type RowGroup = 'all' | 'local' | 'suffix';

interface LayerPlan {
  /** Rows that enter the layer. Each gets a key and a value. */
  enter: RowGroup;
  /** Rows that go on to the next layer. Only these have queries and pass the SwiGLU. */
  goOn: RowGroup;
  /** What those look at: everything up to their position, or P and the rows right before them. */
  see: 'history' | 'sliding' | 'local';
}

function layerPlans(config: ModelConfig): LayerPlan[] {
  const { registerDepth, depth } = config;
  return Array.from({ length: depth }, (_, index): LayerPlan => {
    if (index < slidingLayers(config)) return { enter: 'all', goOn: 'all', see: 'sliding' };
    if (index < registerDepth - 1) return { enter: 'all', goOn: 'all', see: 'history' };
    if (index === registerDepth - 1) return { enter: 'all', goOn: 'local', see: 'history' };
    return { enter: 'local', goOn: index < depth - 1 ? 'local' : 'suffix', see: 'local' };
  });
}

export function prefillGraph(options: GraphOptions): Uint8Array {
  const b = new EarnGraph('prefill', options);
  const { graph, config, arithmetic } = b;
  const { kvType } = arithmetic;
  const { registerDepth, depth, headDim, width, localWindow } = config;
  const row = 2 * headDim;
  const sliding = slidingLayers(config);
  const full = registerDepth - sliding;
  const localRow = (depth - firstLocalLayer(config)) * row;
  const deep = depth - registerDepth;

  const vectors = graph.input('token_vectors', 'float32', [1, 'new', width]);
  const allPositions = graph.input('position_ids', 'int64', [1, 'rows']);
  const mask = wholeLayers(config) > 0 ? graph.input('mask', 'float32', [1, 'queries', 'keys']) : null;
  const past = graph.input('past_key_values', kvType, [1, 'past', full * row]);
  const padding = graph.input('key_padding', kvType, [1, 'padding', row]);
  const localRows = graph.input('local_rows', 'int32', ['local']);
  const localPositions = graph.input('local_position_ids', 'int64', [1, 'local']);
  const localHistoryMask = graph.input('local_history_mask', 'float32', [1, 'local_queries', 'keys']);
  const pastLocal = graph.input('past_local_key_values', kvType, [1, 'past_local', localRow]);
  const suffixPosition = graph.input('suffix_position_ids', 'int64', [1, 1]);
  const localKeys = graph.input('local_keys', 'int32', ['local', localWindow + 2]);
  const localMask = graph.input('local_mask', 'float32', [1, 'local', 1, localWindow + 2]);

  /** What the rows see in layers with a sliding window. */
  const slide =
    sliding > 0
      ? {
          past: graph.input('past_sliding_key_values', kvType, [1, 'past_sliding', sliding * row]),
          keys: graph.input('sliding_keys', 'int32', ['rows', config.slidingWindow! + 2]),
          mask: graph.input('sliding_mask', 'float32', [1, 'rows', 1, config.slidingWindow! + 2]),
        }
      : null;

  const positions = { all: allPositions, local: localPositions, suffix: suffixPosition };
  /** For each layer. */
  const pastRows = [
    ...(slide ? arithmetic.splitEvenly(slide.past, sliding, row) : []),
    ...arithmetic.splitEvenly(past, full, row),
    ...(deep > 0 ? arithmetic.splitEvenly(pastLocal, deep, row) : []),
  ];
  const lastIndex = graph.ints('last', [-1]);
  const last = (value: string, axis = 1) => graph.node('Gather', [value, lastIndex], { axis });

  /** The rows that go on, from those that enter. */
  function pick(value: string, { enter, goOn }: LayerPlan): string {
    if (goOn === enter) return value;
    return goOn === 'local' ? graph.node('Gather', [value, localRows], { axis: 1 }) : last(value);
  }

  function attend(query: string, rows: string[], { goOn, see }: LayerPlan): string {
    if (see === 'history') {
      return b.attendRows(query, [...rows, padding], goOn === 'all' ? mask! : localHistoryMask);
    }
    if (see === 'sliding') return b.attendWindow(query, rows, slide!.keys, slide!.mask);
    if (goOn === 'local') return b.attendWindow(query, rows, localKeys, localMask);
    return b.attendWindow(query, rows, last(localKeys, 0), last(localMask));
  }

  function layer(index: number, stream: Stream, plan: LayerPlan): { rows: string; next: Stream } {
    const weights = options.weights.layers[index];
    const { normed, residual } = b.norm(stream, weights.attentionNorm);
    const read = arithmetic.quantize(normed, weights.qkv.name);
    const { query, own } =
      plan.enter === plan.goOn
        ? b.project(read, weights, positions[plan.enter])
        : {
            own: b.projectKeyValues(read, weights, positions[plan.enter]),
            query: b.projectQueries(pick(read, plan), weights, positions[plan.goOn]),
          };
    const rows = b.keyValueRows(own);
    const attended = attend(query, [b.prefixRow(index), pastRows[index], rows], plan);
    return { rows, next: b.finish(pick(residual, plan), attended, weights) };
  }

  const suffix = graph.constant('suffix_register', b.registerRow(1));
  let stream: Stream = { hidden: graph.node('Concat', [vectors, suffix], { axis: 1 }), delta: null };
  const rows: string[] = [];
  for (const [index, plan] of layerPlans(config).entries()) {
    const done = layer(index, stream, plan);
    rows.push(done.rows);
    stream = done.next;
  }

  const fresh = graph.node('Concat', rows.slice(sliding, registerDepth), { axis: 2 });
  graph.output(fresh, 'new_key_values', kvType, [1, 'rows', full * row]);
  if (slide) {
    const slid = graph.node('Concat', rows.slice(0, sliding), { axis: 2 });
    graph.output(slid, 'sliding_key_values', kvType, [1, 'rows', sliding * row]);
  }
  const local = deep > 0 ? graph.node('Concat', rows.slice(registerDepth), { axis: 2 }) : last(fresh);
  graph.output(local, 'local_key_values', kvType, [1, 'local', localRow]);
  const final = b.norm(stream, options.weights.norm).normed;
  graph.output(final, 'final_state', 'float32', [1, 1, width]);
  graph.output(b.head(final, 0), 'code_logits', 'float32', [1, 1, config.codebook]);
  return graph.encode();
}
