/** Categories as lists, however a source separates them: one way per column, which its values show. */

export type Separator = '|' | ';' | ',' | '>' | '.' | ' ' | 'list' | 'none';

/** What stands in a column of categories when an item has none. */
const NO_CATEGORIES = /^\((?:no genres listed|none)\)$/i;
/** `["a", "b"]` of JSON, `['a', 'b']` of Python. */
const BRACKETS = /^\s*\[[\s\S]*\]\s*$/;
/** `'Toys & Games', 'Trains'`, as RecBole writes Amazon's categories. */
const QUOTED_LIST = /^\s*(['"])(?:(?!\1\s*,).)*\1(?:\s*,\s*(['"])(?:(?!\2\s*,).)*\2)*\s*$/;
/** An element of such a list. */
const ELEMENT =
  /'((?:[^'\\]|\\.|'(?!\s*[,\]]|\s*$))*)'|"((?:[^"\\]|\\.|"(?!\s*[,\]]|\s*$))*)"|([^\s,[\]'"][^,[\]]*)/g;

export interface Kind {
  /** The column holds codes whose dots are levels, such as `audio.headphone`. */
  isCode?: boolean;
  /** RecBole's type for words that a blank separates. */
  isSequence?: boolean;
}

/**
 * Counts which separators the values of a column have; {@link chosen} decides when all are seen.
 */
export class SeparatorVote {
  readonly #counts = new Map<Separator, number>();
  #lists = 0;
  #values = 0;

  add(value: string): void {
    if (value.trim() === '' || NO_CATEGORIES.test(value.trim())) return;
    this.#values++;
    if (isList(value)) this.#lists++;
    else {
      for (const sign of ['|', ';', '>', ','] as const) {
        if (value.includes(sign)) this.#counts.set(sign, (this.#counts.get(sign) ?? 0) + 1);
      }
    }
  }

  chosen({ isCode, isSequence }: Kind = {}): Separator {
    const found = (['|', ';', '>', ','] as const).find((sign) => this.#counts.has(sign));
    if (this.#lists > 0 && this.#lists >= this.#values / 2) return 'list';
    if (found !== undefined) return found;
    if (isCode) return '.';
    return isSequence ? ' ' : 'none';
  }
}

const isList = (value: string) => BRACKETS.test(value) || QUOTED_LIST.test(value);

/** The categories that a value names, each once, in their order. */
export function splitCategories(value: string, separator: Separator): string[] {
  const text = value.trim();
  if (text === '' || NO_CATEGORIES.test(text)) return [];
  return distinct(partsOf(text, separator));
}

function partsOf(text: string, separator: Separator): string[] {
  if (isList(text)) return listOf(text);
  if (separator === 'list' || separator === 'none') return [text];
  return text.split(separator === ' ' ? /\s+/ : separator);
}

function listOf(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return flatTexts(value);
  } catch {
    // Not JSON, so Python's or RecBole's.
  }
  return [...text.matchAll(ELEMENT)].map(([, single, double, bare]) =>
    (single ?? double ?? bare).replace(/\\(['"\\])/g, '$1'),
  );
}

/** The texts of a list, also of a list of lists. */
export function flatTexts(list: unknown[]): string[] {
  return distinct(
    list.flat(4).flatMap((each) => (typeof each === 'string' || typeof each === 'number' ? [`${each}`] : [])),
  );
}

const distinct = (names: string[]) => [
  ...new Set(names.map((name) => name.trim()).filter((name) => name !== '')),
];
