/** An item's text, and the words in it that vectors are made of. */

/** The title, then each category on a line of its own. */
export function textOf(title: string, categories: readonly string[] = []): string {
  return [title, ...categories].map((part) => part.replace(/\s+/g, ' ')).join('\n');
}

/** The different words of a text, and its categories as a whole. */
export function wordsOf(text: string): Set<string> {
  const [, ...categories] = text.split('\n');
  return new Set([...inOrder(text), ...categories.map((name) => `category:${name.toLowerCase()}`)]);
}

/** The different words of a text's title, and each two that stand side by side. */
export function phrasesOf(text: string): Set<string> {
  const [title] = text.split('\n', 1);
  const words = inOrder(title);
  return new Set([...words, ...words.slice(1).map((word, at) => `${words[at]} ${word}`)]);
}

function inOrder(text: string): string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}_]+/gu) ?? []
  );
}
