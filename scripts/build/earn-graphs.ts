/**
 * EARN as three ONNX graphs.
 *
 * *prefill*: new history items and S, on top of cached keys and values. Layers 1..k-1 run for every new row, layer
 * k only gives the history's keys and values, later layers run for S alone.
 * *decode*: the tokens of all beams at once, as query rows over shared keys: P, S, the codes of every beam
 * and the history. Which code a row may see is a mask, so nothing is copied per beam.
 * *score*: S's final state becomes every item's log-probability.
 *
 * Attention is multi-query: one key/value head, so the H queries of each row are rows themselves, [1, rows * H, D] against
 * keys [1, keys, D], plain products. Keys and values are kept as rows `[key | value]` of 2 * D a layer, int8 with scale
 * one (`weights.ts` says why). Prefill reads each row as it is stored, also in the run that makes it, so that a
 * cached history and a fresh one are the same bytes. A history item's row is its k layers side by side; S's all N.
 */
import { EarnGraph, type GraphOptions, type Stream } from './earn-graph.ts';

/**
 * Inputs: `item_ids` int32 [1, new], `position_ids` int64 [1, new + 1], `suffix_position_ids` int64 [1, 1] (the
 * last of them), `query_positions` float32 [1, (new + 1) * H, 1] (each of them H times), `key_positions` float32 [1, 1, keys]
 * (0, 1, …), `past_key_values` [1, past, k * 2D], `key_padding` [1, pad, 2D] zeros. Outputs: `present_key_values`
 * [1, past + new, k * 2D], `suffix_key_values` [1, 1, N * 2D], `final_state` float32 [1, 1, width] of S, and what
 * follows from it, `code_logits` float32 [1, 1, codebook] of the first code.
 *
 * Keys stand in the order of their positions, so key i is visible to a row exactly when i <= its position, and
 * the padding, which comes last, to none. It brings the number of keys to a multiple of 16, which makes a row's sums
 * independent of the rows and keys around it (SIMD remainders would not be).
 */
export function prefillGraph(options: GraphOptions): Uint8Array {
  const b = new EarnGraph('prefill', options);
  const { graph, config } = b;
  const { kvType } = b.arithmetic;
  const { registerDepth, depth, headDim } = config;
  const row = 2 * headDim;
  const items = graph.input('item_ids', 'int32', [1, 'new']);
  const positions = graph.input('position_ids', 'int64', [1, 'rows']);
  const suffixPosition = graph.input('suffix_position_ids', 'int64', [1, 1]);
  const queryPositions = graph.input('query_positions', 'float32', [1, 'queries', 1]);
  const keyPositions = graph.input('key_positions', 'float32', [1, 1, 'keys']);
  const past = graph.input('past_key_values', kvType, [1, 'past', registerDepth * row]);
  const padding = graph.input('key_padding', kvType, [1, 'padding', row]);
  const pastLayers = b.arithmetic.splitEvenly(past, registerDepth, row);
  const lastIndex = graph.ints('last', [-1]);
  const last = (rows: string) => graph.node('Gather', [rows, lastIndex], { axis: 1 });

  const suffix = graph.constant('suffix_register', b.registerRow(1));
  const hidden = graph.node('Concat', [b.embedHistory(items), suffix], { axis: 1 });
  let stream: Stream = { hidden, delta: null };
  let at = positions;
  const newRows: string[] = [];
  const suffixRows: string[] = [];
  const mask = b.causalMask(keyPositions, queryPositions);
  for (const [index, layer] of options.weights.layers.entries()) {
    const { normed, residual } = b.norm(stream, layer.attentionNorm);
    const read = b.arithmetic.quantize(normed, layer.qkv.name);
    if (index < registerDepth - 1) {
      const { query, own } = b.project(read, layer, at);
      const rows = b.keyValueRows(own);
      newRows.push(rows);
      const keys = [b.prefixRow(index), pastLayers[index], rows, padding];
      stream = b.finish(residual, b.attendRows(query, keys, mask), layer);
    } else if (index === registerDepth - 1) {
      // Nothing reads a history token's query, attention or MLP in layer k: from here on S goes alone.
      const rows = b.keyValueRows(b.projectKeyValues(read, layer, positions));
      newRows.push(rows);
      at = suffixPosition;
      const query = b.projectQueries(last(read), layer, at);
      const keys = [b.prefixRow(index), pastLayers[index], rows, padding];
      const attended = b.attendRows(query, keys, b.causalMask(keyPositions, last(queryPositions)));
      stream = b.finish(last(residual), attended, layer);
    } else {
      const { query, own } = b.project(read, layer, at);
      const rows = b.keyValueRows(own);
      suffixRows.push(rows);
      stream = b.finish(residual, b.attendRows(query, [b.prefixRow(index), rows], null), layer);
    }
  }

  const fresh = graph.node('Concat', newRows, { axis: 2 });
  const history = graph.node('Slice', [fresh, graph.ints('from', [0]), lastIndex, graph.ints('axis', [1])]);
  const present = graph.node('Concat', [past, history], { axis: 1 });
  graph.output(present, 'present_key_values', kvType, [1, 'history', registerDepth * row]);
  const register = graph.node('Concat', [last(fresh), ...suffixRows], { axis: 2 });
  graph.output(register, 'suffix_key_values', kvType, [1, 1, depth * row]);
  const final = b.norm(stream, options.weights.norm).normed;
  graph.output(final, 'final_state', 'float32', [1, 1, config.width]);
  graph.output(b.head(final, 0), 'code_logits', 'float32', [1, 1, config.codebook]);
  return graph.encode();
}

/** Input: `final_state` float32 [1, width], as prefill gives it. Output: `item_log_probs` float32 [1, items]. */
export function scoreGraph(options: GraphOptions): Uint8Array {
  const b = new EarnGraph('score', options);
  const { graph, config } = b;
  const final = graph.input('final_state', 'float32', [1, config.width]);
  const items = graph.node('LogSoftmax', [b.itemLogits(final)], { axis: -1 });
  graph.output(items, 'item_log_probs', 'float32', [1, config.items]);
  return graph.encode();
}

/**
 * Inputs: `code_ids` int32 [1, rows] (level * codebook + code), `position_ids` int64 [1, rows], `level` int64 [1] of the code
 * to predict, `past_key_values` [1, history, k * 2D], `suffix_key_values` [1, 1, N * 2D], `beam_key_values` float32
 * [1, earlier, N * 2D] of the beams' earlier codes, `mask` float32 [1, rows * H, own] over P, S, the earlier codes and the
 * rows themselves (0 visible, -inf not; the history is visible to all), `key_counts` int64 [2], own keys and those of the history.
 * Outputs: `logits` float32 [1, rows, codebook] and, where another level can follow, `present_beam_key_values` float32
 * [1, rows, N * 2D].
 */
export function decodeGraph(options: GraphOptions): Uint8Array {
  const b = new EarnGraph('decode', options);
  const { graph, config } = b;
  const { kvType } = b.arithmetic;
  const { registerDepth, depth, headDim } = config;
  const row = 2 * headDim;
  const codes = graph.input('code_ids', 'int32', [1, 'rows']);
  const positions = graph.input('position_ids', 'int64', [1, 'rows']);
  const level = graph.input('level', 'int64', [1]);
  const past = graph.input('past_key_values', kvType, [1, 'history', registerDepth * row]);
  const suffix = graph.input('suffix_key_values', kvType, [1, 1, depth * row]);
  const beams = graph.input('beam_key_values', 'float32', [1, 'earlier', depth * row]);
  const mask = graph.input('mask', 'float32', [1, 'queries', 'own']);
  const counts = graph.input('key_counts', 'int64', [2]);

  const shared = b.splitHalves(
    graph.node('Concat', [b.prefixRows(), b.arithmetic.load(suffix), beams], { axis: 1 }),
    depth,
  );
  const history = b.loadHalves(past, registerDepth);
  let stream: Stream = { hidden: graph.node('Gather', [b.codeTable(), codes], { axis: 0 }), delta: null };
  const rows: string[] = [];
  for (const [index, layer] of options.weights.layers.entries()) {
    const { normed, residual } = b.norm(stream, layer.attentionNorm);
    const { query, own } = b.project(b.arithmetic.quantize(normed, layer.qkv.name), layer, positions);
    const all = own.map((half, i) => graph.node('Concat', [shared[index][i], half], { axis: 1 }));
    rows.push(...own);
    const attended =
      index < registerDepth
        ? b.attendBoth(query, all, mask, history[index], counts)
        : b.attend(query, all[0], all[1], mask);
    stream = b.finish(residual, attended, layer);
  }
  if (config.levels > 2) {
    const present = graph.node('Concat', rows, { axis: 2 });
    graph.output(present, 'present_beam_key_values', 'float32', [1, 'rows', depth * row]);
  }
  const final = b.norm(stream, options.weights.norm).normed;
  graph.output(b.headOfLevel(final, level), 'logits', 'float32', [1, 'rows', config.codebook]);
  return graph.encode();
}
