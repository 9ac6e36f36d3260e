/**
 * Integers as the differences between neighbours, in LEB128: seven bits per byte, the smallest first, the
 * highest bit where more follow. Differences may be negative, so their sign is the lowest bit (zigzag). A
 * sorted list of what a user has had takes a byte or two per item.
 */
export function encodeDeltas(numbers: Int32Array): Uint8Array {
  const bytes = new Uint8Array(5 * numbers.length);
  let at = 0;
  let before = 0;
  for (const number of numbers) {
    const delta = (number - before) | 0;
    let rest = ((delta << 1) ^ (delta >> 31)) >>> 0;
    for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
    bytes[at++] = rest;
    before = number;
  }
  return bytes.subarray(0, at);
}

/** How many bytes `encodeDeltas` gives. */
export function deltasBytes(numbers: Int32Array): number {
  let bytes = 0;
  let before = 0;
  for (const number of numbers) {
    const delta = (number - before) | 0;
    for (let rest = ((delta << 1) ^ (delta >> 31)) >>> 7; rest > 0; rest >>>= 7) bytes++;
    bytes++;
    before = number;
  }
  return bytes;
}

export function decodeDeltas(bytes: Uint8Array): Int32Array {
  const numbers = new Int32Array(bytes.length);
  let count = 0;
  let before = 0;
  for (let at = 0; at < bytes.length; ) {
    let rest = 0;
    let shift = 0;
    for (; bytes[at] > 127; shift += 7) rest |= (bytes[at++] & 127) << shift;
    rest |= bytes[at++] << shift;
    before = (before + ((rest >>> 1) ^ -(rest & 1))) | 0;
    numbers[count++] = before;
  }
  return numbers.slice(0, count);
}
