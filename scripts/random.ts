/** Seeded random numbers, so that what a measuring command draws is the same every time. */

/** Uniform in [0, 1): mulberry32, public domain by Tommy Ettinger. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` whole numbers below `limit`. */
export function randomInts(random: () => number, count: number, limit: number): number[] {
  return Array.from({ length: count }, () => Math.floor(random() * limit));
}

/** The same values in another order (Fisher and Yates). */
export function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const result = values.slice();
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

/** About normal with standard deviation `size` (the sum of twelve uniforms). */
export function randomNormal(random: () => number, size: number): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random();
  return sum * size;
}
