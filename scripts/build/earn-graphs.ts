/**
 * EARN as two ONNX graphs.
 *
 * *prefill*: new history items and S, on top of cached keys and values. Layers 1..k-1 run for every new row, layer
 * k only gives the history's keys and values, later layers run for S alone.
 * *decode*: the tokens of all beams at once, as query rows over shared keys: P, S, the codes of every beam
 * and the history. Which code a row may see is a mask, so nothing is copied per beam.
 *
 * Attention is multi-query: one key/value head, so queries are [rows, H, D] against keys [K, D], plain products.
 * Keys and values travel as rows `[key | value]` of 2 * D, int8 with scale one (`weights.ts` says why), and each row
 * is read by attention as it is stored, also in the run that makes it: a cached history and a fresh one are the
 * same bytes. A history item's row is its k layers side by side; S's and a code's row all N layers.
 */
import { EarnGraph, type GraphOptions, type Stream } from './earn-graph.ts';

/**
 * Inputs: `item_ids` int32 [new], `position_ids` int64 [1, new + 1], `past_key_values` [past, k * 2D], `key_padding`
 * [pad, 2D] zeros. Outputs: `present_key_values` [past + new, k * 2D], `suffix_key_values` [1, N * 2D], `logits`
 * float32 [1, codebook] of the first code.
 *
 * Keys stand in the order of their positions, so key i is visible to a row exactly when i <= its position, and
 * the padding, which comes last, to none. It brings the number of keys to a multiple of 16, which makes a row's sums
 * independent of the rows and keys around it (SIMD remainders would not be).
 */
export function prefillGraph(options: GraphOptions): Uint8Array {
  const b = new EarnGraph('prefill', options);
  const { graph, config, kvType } = b;
  const { registerDepth, depth, headDim } = config;
  const row = 2 * headDim;
  const items = graph.input('item_ids', 'int32', ['new']);
  const positions = graph.input('position_ids', 'int64', [1, 'rows']);
  const past = graph.input('past_key_values', kvType, ['past', registerDepth * row]);
  const padding = graph.input('key_padding', kvType, ['padding', row]);
  const pastLayers = b.splitLayers(past, registerDepth);
  const lastRow = graph.ints('last_row', [-1]);

  const suffix = graph.constant('suffix_register', b.registerRow(1));
  const hidden = graph.node('Concat', [b.embedHistory(items), suffix], { axis: 0 });
  let stream: Stream = { hidden, delta: null };
  let at = positions;
  const newRows: string[] = [];
  const suffixRows: string[] = [];
  let mask: string | null = b.causalMask(positions, past, padding);
  for (const [index, layer] of options.weights.layers.entries()) {
    const early = index < registerDepth;
    const { normed, residual } = b.norm(stream, layer.attentionNorm);
    const read = b.quantize(normed, layer.kv.name);
    const kv = b.keyValues(read, layer, at);
    let query = read;
    let rest = residual;
    if (early) {
      newRows.push(kv);
      suffixRows.push(graph.node('Gather', [kv, lastRow], { axis: 0 }));
    } else suffixRows.push(kv);
    if (index === registerDepth - 1) {
      // Nothing reads a history token's query, attention or MLP in layer k: from here on S goes alone.
      query = graph.node('Gather', [read, lastRow], { axis: 0 });
      rest = graph.node('Gather', [residual, lastRow], { axis: 0 });
      at = graph.node('Gather', [positions, lastRow], { axis: 1 });
      mask = null;
    }
    const keys = early ? [b.prefixRow(index), pastLayers[index], kv, padding] : [b.prefixRow(index), kv];
    const bias = index === registerDepth - 1 ? b.causalMask(at, past, padding, positions) : mask;
    const attended = b.attend(b.queries(query, layer, at), keys, bias);
    stream = b.finish(rest, attended, layer);
  }

  const fresh = graph.node('Concat', newRows, { axis: 1 });
  const history = graph.node('Slice', [fresh, graph.ints('from', [0]), lastRow, graph.ints('axis', [0])]);
  graph.output(graph.node('Concat', [past, history], { axis: 0 }), 'present_key_values', kvType, [
    'history',
    registerDepth * row,
  ]);
  graph.output(graph.node('Concat', suffixRows, { axis: 1 }), 'suffix_key_values', kvType, [1, depth * row]);
  const final = b.norm(stream, options.weights.norm).normed;
  graph.output(b.head(final, 0), 'logits', 'float32', [1, config.codebook]);
  return graph.encode();
}

/**
 * Inputs: `code_ids` int32 [rows] (level * codebook + code), `position_ids` int64 [1, rows], `level` int64 [1] of the code to
 * predict, `past_key_values` [history, k * 2D], `suffix_key_values` [1, N * 2D], `beam_key_values` [earlier, N * 2D] of the
 * beams' earlier codes, `mask` float32 [rows, 1, 2 + earlier + rows] over P, S, earlier codes and the rows themselves (0
 * visible, -inf not), `history_mask` float32 [rows, 1, history] (zeros). Outputs: `logits` float32 [rows, codebook],
 * `present_beam_key_values` [rows, N * 2D].
 */
export function decodeGraph(options: GraphOptions): Uint8Array {
  const b = new EarnGraph('decode', options);
  const { graph, config, kvType } = b;
  const { registerDepth, depth, headDim } = config;
  const row = 2 * headDim;
  const codes = graph.input('code_ids', 'int32', ['rows']);
  const positions = graph.input('position_ids', 'int64', [1, 'rows']);
  const level = graph.input('level', 'int64', [1]);
  const past = graph.input('past_key_values', kvType, ['history', registerDepth * row]);
  const suffix = graph.input('suffix_key_values', kvType, [1, depth * row]);
  const beams = graph.input('beam_key_values', kvType, ['earlier', depth * row]);
  const mask = graph.input('mask', 'float32', ['rows', 1, 'own_keys']);
  const historyMask = graph.input('history_mask', 'float32', ['rows', 1, 'history']);
  const pastLayers = b.splitLayers(past, registerDepth);
  const suffixLayers = b.splitLayers(suffix, depth);
  const beamLayers = b.splitLayers(beams, depth);
  const earlyMask = graph.node('Concat', [mask, historyMask], { axis: 2 });

  let stream: Stream = { hidden: graph.node('Gather', [b.codeTable(), codes], { axis: 0 }), delta: null };
  const rows: string[] = [];
  for (const [index, layer] of options.weights.layers.entries()) {
    const { normed, residual } = b.norm(stream, layer.attentionNorm);
    const read = b.quantize(normed, layer.kv.name);
    const kv = b.keyValues(read, layer, positions);
    rows.push(kv);
    const own = [b.prefixRow(index), suffixLayers[index], beamLayers[index], kv];
    const early = index < registerDepth;
    const keys = early ? [...own, pastLayers[index]] : own;
    const attended = b.attend(b.queries(read, layer, positions), keys, early ? earlyMask : mask);
    stream = b.finish(residual, attended, layer);
  }
  const present = graph.node('Concat', rows, { axis: 1 });
  graph.output(present, 'present_beam_key_values', kvType, ['rows', depth * row]);
  const final = b.norm(stream, options.weights.norm).normed;
  graph.output(b.headOfLevel(final, level), 'logits', 'float32', ['rows', config.codebook]);
  return graph.encode();
}
