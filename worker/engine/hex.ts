const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Bytes as lowercase hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  let digits = '';
  for (const byte of bytes) digits += PAIRS[byte];
  return digits;
}

/** The bytes that an even number of hexadecimal digits stand for. */
export function fromHex(digits: string): Uint8Array {
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** The first 32 bits of a text's SHA-256, for sorting users into groups: the same group for ever. */
export async function hash32(text: string): Promise<number> {
  return Number.parseInt((await sha256Hex(new TextEncoder().encode(text))).slice(0, 8), 16);
}

/** SHA-256, in hexadecimal. */
export async function sha256Hex(bytes: BufferSource): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
