/**
 * EARN as three ONNX graphs.
 *
 * *prefill*: new history items and S, on top of cached keys and values. Layers 1..k-1 run for every new row, layer
 * k only gives the keys and values of most, later layers run for the *near* rows, which S rests on: as many of the newest items as
 * the tail asks for, and S; the last one for S alone.
 * *decode*: the tokens of all beams at once, as query rows over shared keys: P, the newest items, S, the codes of every beam. Which
 * code a row may see is a mask, so nothing is copied per beam. Codes enter after layer k; without EARN (k = N) they run in all
 * layers, and the history's keys are there too.
 * *score*: S's final state becomes every item's log-probability.
 *
 * Attention is multi-query: one key/value head, so the H queries of each row are rows themselves, [1, rows * H, D] against
 * keys [1, keys, D], plain products. Keys and values are kept as rows `[key | value]` of 2 * D a layer, int8 with scale
 * one (`weights.ts` says why). Prefill reads each row as it is stored, also in the run that makes it, so that a
 * cached history and a fresh one are the same bytes. A history item's row is its k layers side by side; a *recent* row, of one of the
 * newest items or of S, the layers where codes run.
 */
import { firstCodeLayer } from '../../worker/engine/config.ts';
import { EarnGraph, type GraphOptions, type Stream } from './earn-graph.ts';

/**
 * Inputs: `item_ids` int32 [1, new], `position_ids` int64 [1, new + 1], `mask` float32 [1, (new + 1) * H, keys], `past_key_values`
 * [1, past, k * 2D], `key_padding` [1, pad, 2D] zeros; `near_rows` int32 [near], the near ones among the rows, `near_position_ids`,
 * `suffix_position_ids` (the last of them) and `near_mask` of those, `past_recent` [1, m, layers * 2D] of the items right before
 * them, `window` int32 [near, localWindow + 2] and `window_mask` float32 [1, near, 1, localWindow + 2]: what each near row sees of P, the past
 * rows and the near ones. Outputs: `new_key_values` [1, new + 1, k * 2D], `near_key_values` [1, near, layers * 2D] (the last rows
 * of both are S's; without EARN the latter has no other), `final_state` float32 [1, 1, width] of S, and what follows from it,
 * `code_logits` float32 [1, 1, codebook] of the first code.
 *
 * Keys stand in the order of their positions, so key i is visible to a row (0 in the mask, else -inf) exactly when i <= its position,
 * and the padding, which comes last, to none. It brings the number of keys to a multiple of 16, which makes a row's sums
 * independent of the rows and keys around it (SIMD remainders would not be).
 */
export function prefillGraph(options: GraphOptions): Uint8Array {
  const b = new EarnGraph('prefill', options);
  const { graph, config } = b;
  const { kvType } = b.arithmetic;
  const { registerDepth, depth, headDim, localWindow } = config;
  const row = 2 * headDim;
  const recentRow = (depth - firstCodeLayer(config)) * row;
  const items = graph.input('item_ids', 'int32', [1, 'new']);
  const positions = graph.input('position_ids', 'int64', [1, 'rows']);
  const mask = graph.input('mask', 'float32', [1, 'queries', 'keys']);
  const past = graph.input('past_key_values', kvType, [1, 'past', registerDepth * row]);
  const padding = graph.input('key_padding', kvType, [1, 'padding', row]);
  const nearRows = graph.input('near_rows', 'int32', ['near']);
  const nearPositions = graph.input('near_position_ids', 'int64', [1, 'near']);
  const suffixPosition = graph.input('suffix_position_ids', 'int64', [1, 1]);
  const nearMask = graph.input('near_mask', 'float32', [1, 'near_queries', 'keys']);
  const pastRecent = graph.input('past_recent', kvType, [1, 'past_recent', recentRow]);
  const window = graph.input('window', 'int32', ['near', localWindow + 2]);
  const windowMask = graph.input('window_mask', 'float32', [1, 'near', 1, localWindow + 2]);

  const pastLayers = b.arithmetic.splitEvenly(past, registerDepth, row);
  const deep = depth - registerDepth;
  const pastDeep = deep > 0 ? b.arithmetic.splitEvenly(pastRecent, deep, row) : [];
  const near = (rows: string) => graph.node('Gather', [rows, nearRows], { axis: 1 });
  const lastIndex = graph.ints('last', [-1]);
  const last = (rows: string, along = 1) => graph.node('Gather', [rows, lastIndex], { axis: along });

  const suffix = graph.constant('suffix_register', b.registerRow(1));
  const hidden = graph.node('Concat', [b.embedHistory(items), suffix], { axis: 1 });
  let stream: Stream = { hidden, delta: null };
  const newRows: string[] = [];
  const recentRows: string[] = [];
  for (const [index, layer] of options.weights.layers.entries()) {
    const { normed, residual } = b.norm(stream, layer.attentionNorm);
    const read = b.arithmetic.quantize(normed, layer.qkv.name);
    if (index < registerDepth - 1) {
      const { query, own } = b.project(read, layer, positions);
      const rows = b.keyValueRows(own);
      newRows.push(rows);
      const keys = [b.prefixRow(index), pastLayers[index], rows, padding];
      stream = b.finish(residual, b.attendRows(query, keys, mask), layer);
    } else if (index === registerDepth - 1) {
      // Nothing reads the query, attention or MLP of the other rows in layer k.
      const rows = b.keyValueRows(b.projectKeyValues(read, layer, positions));
      newRows.push(rows);
      const query = b.projectQueries(near(read), layer, nearPositions);
      const keys = [b.prefixRow(index), pastLayers[index], rows, padding];
      const attended = b.attendRows(query, keys, nearMask);
      stream = b.finish(near(residual), attended, layer);
    } else if (index < depth - 1) {
      const { query, own } = b.project(read, layer, nearPositions);
      const rows = b.keyValueRows(own);
      recentRows.push(rows);
      const keys = [b.prefixRow(index), pastDeep[index - registerDepth], rows];
      stream = b.finish(residual, b.attendWindow(query, keys, window, windowMask), layer);
    } else {
      // In the last layer nothing reads those of the near items.
      const rows = b.keyValueRows(b.projectKeyValues(read, layer, nearPositions));
      recentRows.push(rows);
      const query = b.projectQueries(last(read), layer, suffixPosition);
      const keys = [b.prefixRow(index), pastDeep[index - registerDepth], rows];
      const attended = b.attendWindow(query, keys, last(window, 0), last(windowMask));
      stream = b.finish(last(residual), attended, layer);
    }
  }

  const fresh = graph.node('Concat', newRows, { axis: 2 });
  graph.output(fresh, 'new_key_values', kvType, [1, 'rows', registerDepth * row]);
  const recent = deep > 0 ? graph.node('Concat', recentRows, { axis: 2 }) : last(fresh);
  graph.output(recent, 'near_key_values', kvType, [1, 'near', recentRow]);
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
 * Inputs: `code_ids` int32 [1, rows] (level * codebook + code), `position_ids` int64 [1, rows], all the same, `level` int64 [1] of the
 * code to predict, `recent_key_values` [1, recent, layers * 2D], `beam_key_values` float32 [1, earlier, layers * 2D] of the beams'
 * earlier codes, `shared_position_ids` int64 [1, 1 + recent + earlier], the rows' position for each of those and P, `mask` float32
 * [1, rows * H, own] over P, the recent rows, the earlier codes and the rows themselves (0 visible, -inf not). Where codes run in the
 * layers of the history, instead of `shared_position_ids`: `past_key_values` [1, history, k * 2D], visible to all, and `key_counts`
 * int64 [2], own keys and those of the history. Outputs: `logits` float32 [1, rows, codebook] and, where another level can follow,
 * `present_beam_key_values` float32 [1, rows, layers * 2D].
 *
 * All rows have one position, so instead of their queries and keys, which are many, the few keys that stand elsewhere are
 * rotated, back by that position: only the difference of two positions is seen.
 */
export function decodeGraph(options: GraphOptions): Uint8Array {
  const b = new EarnGraph('decode', options);
  const { graph, config } = b;
  const { kvType } = b.arithmetic;
  const { registerDepth, depth, headDim } = config;
  const first = firstCodeLayer(config);
  const layers = depth - first;
  const row = 2 * headDim;
  const codes = graph.input('code_ids', 'int32', [1, 'rows']);
  const positions = graph.input('position_ids', 'int64', [1, 'rows']);
  const level = graph.input('level', 'int64', [1]);
  const recent = graph.input('recent_key_values', kvType, [1, 'recent', layers * row]);
  const beams = graph.input('beam_key_values', 'float32', [1, 'earlier', layers * row]);
  const mask = graph.input('mask', 'float32', [1, 'queries', 'own']);
  const past = () => graph.input('past_key_values', kvType, [1, 'history', registerDepth * row]);
  const seesHistory = first < registerDepth;
  const history = seesHistory ? b.loadHalves(past(), registerDepth) : [];
  const counts = seesHistory ? graph.input('key_counts', 'int64', [2]) : '';
  const back = seesHistory ? '' : graph.input('shared_position_ids', 'int64', [1, 'shared']);

  const shared = b.splitHalves(
    graph.node('Concat', [b.prefixRows(first), b.arithmetic.load(recent), beams], { axis: 1 }),
    layers,
  );
  let stream: Stream = { hidden: graph.node('Gather', [b.codeTable(), codes], { axis: 0 }), delta: null };
  const rows: string[] = [];
  for (const [index, layer] of options.weights.layers.slice(first).entries()) {
    const { normed, residual } = b.norm(stream, layer.attentionNorm);
    const read = b.arithmetic.quantize(normed, layer.qkv.name);
    const { query, own } = seesHistory ? b.project(read, layer, positions) : b.projectUnrotated(read, layer);
    const [key, value] = own;
    const [sharedKey, sharedValue] = shared[index];
    const keys = [seesHistory ? sharedKey : b.rotate(sharedKey, back, true), key];
    const all = [keys, [sharedValue, value]].map((half) => graph.node('Concat', half, { axis: 1 }));
    const attended = seesHistory
      ? b.attendBoth(query, all, mask, history[index], counts)
      : b.attend(query, all[0], all[1], mask);
    if (config.levels > 2) rows.push(seesHistory ? key : b.rotate(key, positions), value);
    stream = b.finish(residual, attended, layer);
  }
  if (config.levels > 2) {
    const present = graph.node('Concat', rows, { axis: 2 });
    graph.output(present, 'present_beam_key_values', 'float32', [1, 'rows', layers * row]);
  }
  const final = b.norm(stream, options.weights.norm).normed;
  const logits = config.levels > 2 ? b.headOfLevel(final, level) : b.head(final, 1);
  graph.output(logits, 'logits', 'float32', [1, 'rows', config.codebook]);
  return graph.encode();
}
