/** What the page says of the catalogue that it shows; the service puts it on the page's root element. */

interface Example {
  name: string;
  /** Ids, oldest first. */
  items: string[];
}

const { noun = 'item', note = '', heading = '', colour, examples = '[]' } = document.documentElement.dataset;

if (colour) document.documentElement.style.setProperty('--colour', colour);

export const NOUN = noun;
export const NOUNS = plural(noun);
export const TITLE = heading;
/** What visitors should know of the catalogue, such as its age. */
export const NOTE = note;
/** Histories to start from. */
export const EXAMPLES: Example[] = JSON.parse(examples);

/** `1 film`, `41 films`. */
export function counted(number: number): string {
  return `${new Intl.NumberFormat('en').format(number)} ${number === 1 ? NOUN : NOUNS}`;
}

/** English has few irregular nouns among things that are recommended. */
function plural(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`;
}
