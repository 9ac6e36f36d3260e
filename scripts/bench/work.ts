/** The arithmetic that an answer can't do without, counted from the shapes. */
import {
  firstCodeLayer,
  localReach,
  type ModelConfig,
  slidingLayers,
  wholeLayers,
} from '../../worker/engine/config.ts';
import type { Prepared, Scenario } from './scenario.ts';

/** Operations: a multiplication and an addition are two. */
export interface Work {
  /** Of the linear layers, which are int8. */
  int8: number;
  /** Of attention's products, which are float32. */
  float32: number;
}

/**
 * `config` is that of the scenario's model. Padding, masked keys and everything that is no product count
 * nothing.
 */
export function workOf(config: ModelConfig, scenario: Scenario, { decodeRows }: Prepared): Work {
  const { width, heads, headDim, ffn, depth, registerDepth, localWindow, slidingWindow = 0, items } = config;
  const { history, fresh, ranker } = scenario;
  const query = width * heads * headDim;
  const keyValue = width * 2 * headDim;
  const rest = heads * headDim * width + 3 * width * ffn; // output projection and SwiGLU
  const row = query + keyValue + rest;
  const first = firstCodeLayer(config);
  const attention = (queries: number, keys: number) => 2 * queries * heads * keys * headDim;

  let int8 = 0;
  let float32 = 0;
  const fresh0 = fresh ?? history;
  if (fresh0 > 0) {
    const rows = fresh0 + 1; // and S
    const near = Math.min(fresh0, localReach(config)) + 1;
    const seen = (history - fresh0 + history) / 2 + 2; // keys of a row, on average
    int8 += (registerDepth - 1) * rows * row;
    float32 += slidingLayers(config) * attention(rows, Math.min(seen, slidingWindow + 2));
    float32 += wholeLayers(config) * attention(rows, seen);
    int8 += rows * keyValue + near * (query + rest);
    float32 += attention(near, history + 2);
    const deep = depth - registerDepth;
    if (deep > 0) {
      int8 += (deep - 1) * near * row + near * keyValue + query + rest;
      float32 += attention((deep - 1) * near + 1, localWindow + 2);
    }
  }
  for (const [level, rows] of decodeRows.entries()) {
    int8 += (depth - first) * rows * row;
    const whole = Math.max(0, registerDepth - first); // layers where codes see the history
    float32 += whole * attention(rows, history + level + 3);
    float32 += (depth - first - whole) * attention(rows, localWindow + level + 3);
  }
  if (ranker !== 'beam') int8 += width * items;
  return { int8: 2 * int8, float32: 2 * float32 };
}
