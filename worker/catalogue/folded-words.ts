/**
 * Lower-case words without accents. An apostrophe is inside a word: "Schindler's" is found by "schindlers".
 */
export function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/['’]/g, '');
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}
