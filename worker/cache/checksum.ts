/**
 * Checksum of the first `bytes` of a state, a multiple of 4. Four lanes take every fourth word each. A step
 * is a bijection of the lane and of the word, so a single changed word per lane is always found, and other
 * damage is missed at most once in 2^32. It guards against damage, not forgery: SHA-256 took a twentieth of a
 * returning user's time.
 */
export function checksum(buffer: ArrayBuffer, bytes: number): Int32Array {
  const words = new Int32Array(buffer, 0, bytes / 4);
  let [a, b, c, d] = [1, 2, 3, 4];
  const whole = words.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    a = step(a, words[i]);
    b = step(b, words[i + 1]);
    c = step(c, words[i + 2]);
    d = step(d, words[i + 3]);
  }
  for (let i = whole; i < words.length; i++) a = step(a, words[i]);
  return Int32Array.of(a, b, c, d);
}

/** Multiplies by an odd factor, then rotates: multiplication alone carries changes upwards only. */
function step(lane: number, word: number): number {
  const product = Math.imul(lane ^ word, 0x9e3779b1);
  return (product << 13) | (product >>> 19);
}
