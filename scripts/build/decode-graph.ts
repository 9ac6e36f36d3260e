/**
 * *decode*: the next code of all beams at once. The beams' newest codes are query rows over shared keys: P,
 * the newest items, S, and the earlier codes of every beam. A mask says which codes a row sees, so nothing is
 * copied per beam.
 *
 * With EARN codes enter after layer k or later, where of the history only its newest items are left. Without
 * it (k = N) the history's keys are there too: that is a graph of its own.
 *
 * Inputs of both:
 * - `code_ids` int32 [1, rows]: level * codebook + code; `position_ids` int64 [1, rows]: all the same
 * - `level` int64 [1]: of the code to predict
 * - `local_key_values` [1, local, layers * 2D]: of the newest items and S, as the state has them
 * - `beam_key_values` float32 [1, earlier, code layers * 2D]: of the beams' earlier codes
 * - `mask` float32 [1, rows * H, own] over P, the local rows, the earlier codes and the rows
 * (`worker/engine/masks.ts`)
 *
 * Outputs:
 * - `logits` float32 [1, rows, codebook]
 * - `present_beam_key_values` float32 [1, rows, code layers * 2D], where another level can follow
 */
import { firstCodeLayer, firstLocalLayer } from '../../worker/engine/config.ts';
import { EarnGraph, type GraphOptions, type Stream } from './earn-graph.ts';
import type { LayerWeights } from './weights.ts';

/**
 * The attention of one layer. `own` adds the rows' own rotated keys and values to the graph, where they are
 * an output.
 */
type Attention = (
  read: string,
  layer: LayerWeights,
  index: number,
) => { attended: string; own: () => string[] };

export function decodeGraph(options: GraphOptions): Uint8Array {
  const { registerDepth, depth } = options.weights.config;
  return registerDepth < depth ? localDecodeGraph(options) : fullDecodeGraph(options);
}

/**
 * Further input: `shared_position_ids` int64 [1, 1 + local + earlier], the rows' position for each of those
 * keys.
 *
 * All rows have one position. Instead of rotating their queries and keys, which are many, the few keys that
 * stand elsewhere are rotated back by that position: attention sees only the difference of two positions.
 */
function localDecodeGraph(options: GraphOptions): Uint8Array {
  const b = new EarnGraph('decode', options);
  const { graph } = b;
  const { positions, mask, shared } = inputs(b);
  const back = graph.input('shared_position_ids', 'int64', [1, 'shared']);
  return runLayers(b, options, (read, layer, index) => {
    const { query, own } = b.projectUnrotated(read, layer);
    const [key, value] = own;
    const [sharedKey, sharedValue] = shared[index];
    const keys = graph.node('Concat', [b.rotate(sharedKey, back, true), key], { axis: 1 });
    const values = graph.node('Concat', [sharedValue, value], { axis: 1 });
    return {
      attended: b.attend(query, keys, values, mask),
      own: () => [b.rotate(key, positions), value],
    };
  });
}

/**
 * Further inputs: `past_key_values` [1, history, N * 2D], which all rows see, and `key_counts` int64 [2], own
 * and past.
 */
function fullDecodeGraph(options: GraphOptions): Uint8Array {
  const b = new EarnGraph('decode', options);
  const { graph, config, arithmetic } = b;
  const { positions, mask, shared } = inputs(b);
  const { depth, headDim } = config;
  const past = graph.input('past_key_values', arithmetic.kvType, [1, 'history', depth * 2 * headDim]);
  const counts = graph.input('key_counts', 'int64', [2]);
  const history = b.loadHalves(past, depth).slice(firstCodeLayer(config));
  return runLayers(b, options, (read, layer, index) => {
    const { query, own } = b.project(read, layer, positions);
    const both = shared[index].map((half, i) => graph.node('Concat', [half, own[i]], { axis: 1 }));
    return { attended: b.attendBoth(query, both, mask, history[index], counts), own: () => own };
  });
}

/**
 * What both graphs take. `shared` are P's, the local rows' and the earlier codes' keys and values of each
 * layer.
 */
function inputs(b: EarnGraph) {
  const { graph, config, arithmetic } = b;
  const first = firstCodeLayer(config);
  const layers = config.depth - first;
  const row = 2 * config.headDim;
  const localLayers = config.depth - firstLocalLayer(config);
  const positions = graph.input('position_ids', 'int64', [1, 'rows']);
  const local = graph.input('local_key_values', arithmetic.kvType, [1, 'local', localLayers * row]);
  const beams = graph.input('beam_key_values', 'float32', [1, 'earlier', layers * row]);
  const mask = graph.input('mask', 'float32', [1, 'queries', 'own']);
  const read = b.lastColumns(local, localLayers * row, layers * row);
  const rows = [b.prefixRows(first), arithmetic.load(read), beams];
  return { positions, mask, shared: b.splitHalves(graph.node('Concat', rows, { axis: 1 }), layers) };
}

/** The codes through all layers that they enter, to the logits of the next one. */
function runLayers(b: EarnGraph, { weights }: GraphOptions, attention: Attention): Uint8Array {
  const { graph, config, arithmetic } = b;
  const codes = graph.input('code_ids', 'int32', [1, 'rows']);
  const level = graph.input('level', 'int64', [1]);
  const layers = weights.layers.slice(firstCodeLayer(config));
  let stream: Stream = { hidden: graph.node('Gather', [b.codeTable(), codes], { axis: 0 }), delta: null };
  const present: string[] = [];
  for (const [index, layer] of layers.entries()) {
    const { normed, residual } = b.norm(stream, layer.attentionNorm);
    const read = arithmetic.quantize(normed, layer.qkv.name);
    const { attended, own } = attention(read, layer, index);
    if (config.levels > 2) present.push(...own());
    stream = b.finish(residual, attended, layer);
  }
  const final = b.norm(stream, weights.norm).normed;
  const logits = config.levels > 2 ? b.headOfLevel(final, level) : b.head(final, 1);
  graph.output(logits, 'logits', 'float32', [1, 'rows', config.codebook]);
  if (config.levels > 2) {
    const rows = graph.node('Concat', present, { axis: 2 });
    const columns = layers.length * 2 * config.headDim;
    graph.output(rows, 'present_beam_key_values', 'float32', [1, 'rows', columns]);
  }
  return graph.encode();
}
