/**
 * Fits how much the memory weighs beside the decoder, by likelihood. After a history of n items, the score of
 * an item is
 *
 *     a(n) log p + b(n) log((q + s) / s)
 *
 * and its probability the softmax over the items that a list may hold. a and b are linear between knots at n
 * = 1, 2, 4, 8 … (in the logarithm of n), so the log-likelihood is concave in their values there, and
 * Newton's method finds the maximum. a only corrects how sure the decoder is of itself: dividing all scores
 * by it changes no list, so the memory's weight is b / a.
 */

/** A held-out item. */
export interface FitCase {
  /** n, of the history. */
  length: number;
  target: number;
  /** The decoder's, [items]. */
  logProbs: Float32Array;
  /** Which items a list may hold, [items]; the target is one of them. */
  allowed: Uint8Array;
}

/** log((q + s) / s) of the items with q > 0. */
export interface Evidence {
  items: Int32Array;
  values: Float64Array;
}

export interface Fit {
  /** Of the memory at each knot. */
  weights: number[];
  /** Mean log-likelihood per case. */
  likelihood: number;
}

/** Knots at 1, 2, 4 … 2^(KNOTS - 1) items. */
const KNOTS = 8;
/**
 * Holds neighbouring knots together, so that one without cases follows its neighbours: worth so many cases.
 */
const STIFFNESS = 20;
/** What few cases start from, everywhere: a = 1 and b = 1/2. Worth so many cases. */
const PRIOR = 1;
const START = new Float64Array(2 * KNOTS).fill(1, 0, KNOTS).fill(0.5, KNOTS);
const MOST_STEPS = 30;
/** A step that gains less per case ends the search. */
const LEAST_GAIN = 1e-6;
/** The least trust in the decoder: keeps b / a finite. */
const LEAST_TRUST = 0.05;

/** `evidence` has one entry per case. Start from an earlier fit's `parameters` to be faster. */
export function fitWeights(
  cases: readonly FitCase[],
  evidence: readonly Evidence[],
  parameters: Float64Array = START,
): Fit & { parameters: Float64Array } {
  let current = evaluate(cases, evidence, parameters);
  for (let step = 0; step < MOST_STEPS; step++) {
    const direction = solve(current.curvature, current.gradient);
    let size = 1;
    let next = evaluate(cases, evidence, moved(parameters, direction, size));
    while (!(next.objective >= current.objective) && size > 1e-4) {
      size /= 2;
      next = evaluate(cases, evidence, moved(parameters, direction, size));
    }
    const gain = next.objective - current.objective;
    if (!(gain > 0)) break;
    parameters = moved(parameters, direction, size);
    current = next;
    if (gain < LEAST_GAIN * cases.length) break;
  }
  const weights = Array.from({ length: KNOTS }, (_, knot) => {
    const weight = parameters[KNOTS + knot] / Math.max(LEAST_TRUST, parameters[knot]);
    return Math.max(0, weight);
  });
  return { parameters, weights, likelihood: current.likelihood / Math.max(1, cases.length) };
}

/** Items of nearly the same log-probability, which count with their mean. */
interface Groups {
  values: Float64Array;
  counts: Float64Array;
}

/** A sum of powers is off by a^2 WIDTH^2 / 24 of itself: by less than a chance of the cases is. */
const WIDTH = 0.05;
const known = new WeakMap<FitCase, Groups>();

/** Of the items that a list may hold. They are some hundred, where items may be ten thousands. */
function groupsOf(one: FitCase): Groups {
  const found = known.get(one);
  if (found) return found;
  const { logProbs, allowed } = one;
  let [least, most] = [Infinity, -Infinity];
  for (let item = 0; item < logProbs.length; item++) {
    if (allowed[item] === 0) continue;
    if (logProbs[item] < least) least = logProbs[item];
    if (logProbs[item] > most) most = logProbs[item];
  }
  const size = 1 + Math.floor(Math.max(0, most - least) / WIDTH);
  const [values, counts] = [new Float64Array(size), new Float64Array(size)];
  for (let item = 0; item < logProbs.length; item++) {
    if (allowed[item] === 0) continue;
    const group = Math.floor((logProbs[item] - least) / WIDTH);
    values[group] += logProbs[item];
    counts[group]++;
  }
  const filled = [...counts.keys()].filter((group) => counts[group] > 0);
  const groups = {
    values: Float64Array.from(filled, (group) => values[group] / counts[group]),
    counts: Float64Array.from(filled, (group) => counts[group]),
  };
  known.set(one, groups);
  return groups;
}

function moved(parameters: Float64Array, direction: Float64Array, size: number): Float64Array {
  return parameters.map((value, i) => value + size * direction[i]);
}

/** The knots around a length and their shares. */
function knotsOf(length: number): [lower: number, share: number] {
  const place = Math.min(Math.log2(length), KNOTS - 1);
  const lower = Math.min(Math.floor(place), KNOTS - 2);
  return [lower, place - lower];
}

/**
 * Log-likelihood, and for the objective (with prior and stiffness) its gradient and minus its second
 * derivatives.
 */
function evaluate(cases: readonly FitCase[], evidence: readonly Evidence[], parameters: Float64Array) {
  const size = 2 * KNOTS;
  const gradient = new Float64Array(size);
  const curvature = Array.from({ length: size }, () => new Float64Array(size));
  let likelihood = 0;
  for (const [index, each] of cases.entries()) {
    const [lower, share] = knotsOf(each.length);
    const a = (1 - share) * parameters[lower] + share * parameters[lower + 1];
    const b = (1 - share) * parameters[KNOTS + lower] + share * parameters[KNOTS + lower + 1];
    const { logLikelihood, slope, spread } = momentsOf(each, evidence[index], a, b);
    likelihood += logLikelihood;
    const places = [lower, lower + 1, KNOTS + lower, KNOTS + lower + 1];
    const shares = [1 - share, share, 1 - share, share];
    for (let i = 0; i < 4; i++) {
      gradient[places[i]] += shares[i] * slope[i >> 1];
      for (let j = 0; j < 4; j++) {
        curvature[places[i]][places[j]] += shares[i] * shares[j] * spread[(i >> 1) + (j >> 1)];
      }
    }
  }
  let objective = likelihood;
  for (let i = 0; i < size; i++) {
    const difference = parameters[i] - START[i];
    objective -= (PRIOR / 2) * difference ** 2;
    gradient[i] -= PRIOR * difference;
    curvature[i][i] += PRIOR;
  }
  for (let i = 0; i < size - 1; i++) {
    if (i === KNOTS - 1) continue; // the last of a is no neighbour of the first of b
    const difference = parameters[i + 1] - parameters[i];
    objective -= (STIFFNESS / 2) * difference ** 2;
    gradient[i] += STIFFNESS * difference;
    gradient[i + 1] -= STIFFNESS * difference;
    curvature[i][i] += STIFFNESS;
    curvature[i + 1][i + 1] += STIFFNESS;
    curvature[i][i + 1] -= STIFFNESS;
    curvature[i + 1][i] -= STIFFNESS;
  }
  return { likelihood, objective, gradient, curvature };
}

/**
 * Of one case: log-likelihood, its slope in a and b, and the (co)variances [aa, ab, bb] of what they
 * multiply.
 */
function momentsOf(one: FitCase, { items, values }: Evidence, a: number, b: number) {
  const { logProbs, allowed, target } = one;
  const groups = groupsOf(one);
  let [z, l, ll] = [0, 0, 0];
  for (let group = 0; group < groups.values.length; group++) {
    const value = groups.values[group];
    const weight = groups.counts[group] * Math.exp(a * value);
    z += weight;
    l += weight * value;
    ll += weight * value * value;
  }
  let [g, lg, gg] = [0, 0, 0];
  let evidence = 0;
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (allowed[item] === 0) continue;
    if (item === target) evidence = values[i];
    const value = logProbs[item];
    const before = Math.exp(a * value);
    const weight = before * Math.exp(b * values[i]);
    const added = weight - before;
    z += added;
    l += added * value;
    ll += added * value * value;
    g += weight * values[i];
    lg += weight * value * values[i];
    gg += weight * values[i] * values[i];
  }
  const [meanL, meanG] = [l / z, g / z];
  return {
    logLikelihood: a * logProbs[target] + b * evidence - Math.log(z),
    slope: [logProbs[target] - meanL, evidence - meanG],
    spread: [ll / z - meanL * meanL, lg / z - meanL * meanG, gg / z - meanG * meanG],
  };
}

/** x of A x = y for a positive definite A, by Cholesky's decomposition. */
function solve(matrix: readonly Float64Array[], y: Float64Array): Float64Array {
  const n = y.length;
  const factor = matrix.map((row) => row.slice());
  const x = y.slice();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i][j];
      for (let k = 0; k < j; k++) sum -= factor[i][k] * factor[j][k];
      factor[i][j] = i === j ? Math.sqrt(sum) : sum / factor[j][j];
    }
    for (let k = 0; k < i; k++) x[i] -= factor[i][k] * x[k];
    x[i] /= factor[i][i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= factor[k][i] * x[k];
    x[i] /= factor[i][i];
  }
  return x;
}
