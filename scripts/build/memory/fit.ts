/**
 * Fits how much the parts of the memory weigh beside the decoder, by likelihood. After a history of n items,
 * the score of an item is
 *
 *     a(n) log p + b1(n) e1 + b2(n) e2 …
 *
 * with the evidence e of each part, and its probability the softmax over the items that a list may hold. a
 * and b are linear between knots at n = 1, 2, 4, 8 … (in the logarithm of n), so the log-likelihood is
 * concave in their values there, and Newton's method finds the maximum. a only corrects how sure the decoder
 * is of itself: dividing all scores by it changes no list, so a part's weight is b / a.
 */

import { choleskyRoot } from '../cholesky.ts';
import { groupsOf } from './groups.ts';

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

/** What the parts of the memory say of the items of which any says something. */
export interface Evidence {
  items: Int32Array;
  /** One array per part, as long as `items`. */
  parts: readonly Float32Array[];
}

export interface Fit {
  /** Of each part, at each knot. */
  weights: number[][];
  /** Mean log-likelihood per case. */
  likelihood: number;
  /** Of the maximum: a, then b of each part. */
  parameters: Float64Array;
}

/** Knots at 1, 2, 4 … 2^(KNOTS - 1) items. */
const KNOTS = 8;
/**
 * Holds neighbouring knots together, so that one without cases follows its neighbours: worth so many cases.
 */
const STIFFNESS = 20;
/** What few cases start from, everywhere: a = 1 and these b. Worth so many cases. */
const PRIOR = 1;
const START = [1, 0.5, 0];
const MOST_STEPS = 30;
/** A step that gains less per case ends the search. */
const LEAST_GAIN = 2e-5;
/** The least trust in the decoder: keeps b / a finite. */
const LEAST_TRUST = 0.05;

/** `evidence` has one entry per case. Start from an earlier fit's `parameters` to be faster. */
export function fitWeights(
  cases: readonly FitCase[],
  evidence: readonly Evidence[],
  parts: number,
  earlier?: Float64Array<ArrayBufferLike>,
): Fit {
  const start = startOf(parts);
  let parameters: Float64Array = start.slice();
  if (earlier) parameters.set(earlier);
  let current = evaluate(cases, evidence, parameters, start);
  for (let step = 0; step < MOST_STEPS; step++) {
    const direction = solve(current.curvature, current.gradient);
    let size = 1;
    let next = evaluate(cases, evidence, moved(parameters, direction, size), start);
    while (!(next.objective >= current.objective) && size > 1e-4) {
      size /= 2;
      next = evaluate(cases, evidence, moved(parameters, direction, size), start);
    }
    const gain = next.objective - current.objective;
    if (!(gain > 0)) break;
    parameters = moved(parameters, direction, size);
    current = next;
    if (gain < LEAST_GAIN * cases.length) break;
  }
  const weights = Array.from({ length: parts }, (_, part) =>
    Array.from({ length: KNOTS }, (_, knot) => {
      const weight = parameters[(part + 1) * KNOTS + knot] / Math.max(LEAST_TRUST, parameters[knot]);
      return Math.max(0, weight);
    }),
  );
  return { parameters, weights, likelihood: current.likelihood / Math.max(1, cases.length) };
}

/** [1 + parts, knots] */
function startOf(parts: number): Float64Array {
  return Float64Array.from({ length: (1 + parts) * KNOTS }, (_, i) => START[Math.floor(i / KNOTS)]);
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
function evaluate(
  cases: readonly FitCase[],
  evidence: readonly Evidence[],
  parameters: Float64Array,
  start: Float64Array,
) {
  const size = parameters.length;
  const experts = size / KNOTS;
  const gradient = new Float64Array(size);
  const curvature = Array.from({ length: size }, () => new Float64Array(size));
  let likelihood = 0;
  for (const [index, each] of cases.entries()) {
    const [lower, share] = knotsOf(each.length);
    const at = (expert: number) => expert * KNOTS + lower;
    const factors = Array.from(
      { length: experts },
      (_, expert) => (1 - share) * parameters[at(expert)] + share * parameters[at(expert) + 1],
    );
    const { logLikelihood, slope, spread } = momentsOf(each, evidence[index], factors);
    likelihood += logLikelihood;
    // Each expert's factor is a mean of its parameters at two knots.
    const shares = [1 - share, share];
    for (let i = 0; i < 2 * experts; i++) {
      const [expert, knot] = [i >> 1, i & 1];
      gradient[at(expert) + knot] += shares[knot] * slope[expert];
      for (let j = 0; j < 2 * experts; j++) {
        const [other, otherKnot] = [j >> 1, j & 1];
        curvature[at(expert) + knot][at(other) + otherKnot] +=
          shares[knot] * shares[otherKnot] * spread[expert][other];
      }
    }
  }
  let objective = likelihood;
  for (let i = 0; i < size; i++) {
    const difference = parameters[i] - start[i];
    objective -= (PRIOR / 2) * difference ** 2;
    gradient[i] -= PRIOR * difference;
    curvature[i][i] += PRIOR;
  }
  for (let i = 0; i < size - 1; i++) {
    if (i % KNOTS === KNOTS - 1) continue; // the last knot of an expert is no neighbour of the next one's first
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
 * Of one case: log-likelihood, its slope in the experts' factors, and the covariances of what they multiply.
 * Expert 0 is the decoder.
 */
function momentsOf(one: FitCase, { items, parts }: Evidence, factors: readonly number[]) {
  const { logProbs, allowed, target } = one;
  const groups = groupsOf(one);
  const experts = factors.length;
  const [a] = factors;
  let [z, l, ll] = [0, 0, 0];
  for (let group = 0; group < groups.values.length; group++) {
    const value = groups.values[group];
    const weight = groups.counts[group] * Math.exp(a * value);
    z += weight;
    l += weight * value;
    ll += weight * value * value;
  }
  const first = new Float64Array(experts);
  const second = Array.from({ length: experts }, () => new Float64Array(experts));
  const values = new Float64Array(experts);
  const ofTarget = new Float64Array(experts);
  ofTarget[0] = logProbs[target];
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (allowed[item] === 0) continue;
    const value = logProbs[item];
    let boost = 0;
    for (let expert = 1; expert < experts; expert++) {
      values[expert] = parts[expert - 1][i];
      boost += factors[expert] * values[expert];
    }
    if (item === target) for (let expert = 1; expert < experts; expert++) ofTarget[expert] = values[expert];
    const before = Math.exp(a * value);
    const weight = before * Math.exp(boost);
    const added = weight - before;
    z += added;
    l += added * value;
    ll += added * value * value;
    for (let expert = 1; expert < experts; expert++) {
      const weighted = weight * values[expert];
      first[expert] += weighted;
      second[0][expert] += weighted * value;
      for (let other = 1; other <= expert; other++) second[other][expert] += weighted * values[other];
    }
  }
  first[0] = l;
  second[0][0] = ll;
  const mean = first.map((sum) => sum / z);
  const spread = second.map((row) => row.slice());
  for (let i = 0; i < experts; i++) {
    for (let j = i; j < experts; j++) spread[i][j] = spread[j][i] = second[i][j] / z - mean[i] * mean[j];
  }
  const score = factors.reduce((sum, factor, expert) => sum + factor * ofTarget[expert], 0);
  return {
    logLikelihood: score - Math.log(z),
    slope: ofTarget.map((value, expert) => value - mean[expert]),
    spread,
  };
}

/** x of A x = y for a positive definite A. */
function solve(matrix: readonly Float64Array[], y: Float64Array): Float64Array {
  const n = y.length;
  const root = choleskyRoot(matrix);
  const x = y.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= root[i][k] * x[k];
    x[i] /= root[i][i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= root[k][i] * x[k];
    x[i] /= root[i][i];
  }
  return x;
}
