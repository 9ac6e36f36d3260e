/**
 * 53 bits of an id, which a number holds exactly: cyrb53, two multiplicative hashes side by side
 * (https://github.com/bryc/code/blob/master/jshash/experimental/cyrb53.js, public domain). Where two ids meet,
 * something is computed once more than needed; nothing else depends on it.
 */
export function idHash(id: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
