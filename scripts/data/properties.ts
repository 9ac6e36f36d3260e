/** Further columns of items: numbers, texts, lists of either. Each has one type, which its values show. */

export type Property = string | number | boolean | (string | number)[];
/** A value as a source has it: text from a table without types, anything from JSON. */
export type Value = string | number | boolean | null | undefined | Value[] | { [key: string]: Value };

/** What people write where there is no value. */
const NOTHING = /^(?:|-|–|—|n\/?a|nan|none|null|\\n)$/i;
/** No leading zero, which a number would lose: such texts are codes. */
const NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?$/;
/** 1.234,50: the point groups, the comma is decimal. */
const COMMA_NUMBER = /^-?(?:[1-9]\d{0,2}(?:\.\d{3})+|0|[1-9]\d*),\d+$/;

/** Learns the type of a column of text from its values. */
export class PropertyType {
  #points = true;
  #commas = true;
  #given = 0;

  /** @param comma whether a comma may be a decimal point: it can't be where it separates the fields */
  constructor(comma: boolean) {
    this.#commas = comma;
  }

  add(text: string): void {
    if (NOTHING.test(text.trim())) return;
    this.#given++;
    this.#points &&= NUMBER.test(text.trim());
    this.#commas &&= NUMBER.test(text.trim()) || COMMA_NUMBER.test(text.trim());
  }

  /** The value that a text of the column stands for; undefined when it stands for none. */
  read(text: string): Property | undefined {
    const value = text.trim();
    if (NOTHING.test(value)) return undefined;
    if (this.#given === 0) return value;
    if (this.#points) return Number(value);
    if (this.#commas)
      return Number(value.includes(',') ? value.replaceAll('.', '').replace(',', '.') : value);
    return /^\[.*\]$/s.test(value) ? (listIn(value) ?? value) : value;
  }
}

function listIn(text: string): Property | undefined {
  try {
    return propertyOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** A typed value as a property; undefined when it is none, such as an object. */
export function propertyOf(value: Value): Property | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (!Array.isArray(value)) return undefined;
  const list = value.filter((each) => typeof each === 'string' || typeof each === 'number');
  return list.length === value.length && list.length > 0 ? list : undefined;
}
