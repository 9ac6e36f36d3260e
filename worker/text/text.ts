/** An item's text, and the words in it that vectors are made of. */

/** The title, then each category on a line of its own. */
export function textOf(title: string, categories: readonly string[] = []): string {
  return [title, ...categories].map((part) => part.replace(/\s+/g, ' ')).join('\n');
}

/** The different words of a text, and its categories as a whole. */
export function wordsOf(text: string): Set<string> {
  const [, ...categories] = text.split('\n');
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}_]+/gu) ?? [];
  return new Set([...words, ...categories.map((name) => `category:${name.toLowerCase()}`)]);
}
