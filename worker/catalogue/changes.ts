/** The latest changes of the live catalogue as people read them: of what, when, from what to what. */
import type { Rule } from '../rules/rule.ts';
import type { ItemRecord } from './record.ts';

export interface FieldChange {
  field: string;
  /** As text; null where nothing was said. */
  before: string | null;
  after: string | null;
}

export interface CatalogueChange {
  /** Milliseconds since 1970. */
  at: number;
  /** The catalogue's version from then on. */
  version: number;
  of: 'item' | 'rule';
  /** The item's id, or the rule's name. */
  name: string;
  fields: FieldChange[];
}

/** So many are kept, the newest. */
export const MOST_CHANGES = 100;
/** Longer texts are cut: this is a list to look at, and no copy of the catalogue. */
const LONGEST_TEXT = 100;

/** Names that requests give to these. */
const TIMES: Record<string, string> = {
  availableFrom: 'available_from',
  availableUntil: 'available_until',
  from: 'from',
  until: 'until',
};

/** What names the thing, and what is not said but derived. */
const NO_FIELDS = ['id', 'name', 'words'];

/** The fields in which two records of an item, or two rules, differ. */
export function differences(before: Said | undefined, after: Said | undefined): FieldChange[] {
  const [old, fresh] = [textsOf(before), textsOf(after)];
  const names = [...new Set([...old.keys(), ...fresh.keys()])];
  return names
    .filter((field) => old.get(field) !== fresh.get(field))
    .map((field) => ({ field, before: cut(old.get(field)), after: cut(fresh.get(field)) }));
}

type Said = ItemRecord | Rule;

/** Properties are fields of their own, such as `properties.price`. */
function textsOf(said: Said | undefined): Map<string, string> {
  const { properties = {}, ...rest } = (said ?? {}) as Partial<ItemRecord>;
  const own = Object.entries(rest).filter(([field]) => !NO_FIELDS.includes(field));
  return new Map([
    ...own.map(([field, value]): [string, string] =>
      field in TIMES ? [TIMES[field], new Date(value as number).toISOString()] : [field, textOf(value)],
    ),
    ...Object.entries(properties).map(([name, value]): [string, string] => [
      `properties.${name}`,
      textOf(value),
    ]),
  ]);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function cut(text: string | undefined): string | null {
  if (text === undefined) return null;
  const characters = [...text]; // whole ones
  return characters.length > LONGEST_TEXT ? `${characters.slice(0, LONGEST_TEXT - 1).join('')}…` : text;
}
