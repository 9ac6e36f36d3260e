/** What the types of a log's events mean: `events.json` of a dataset. */
import type { DatasetMeaning } from '../dataset.ts';
import { UsageError } from '../options.ts';

export const EVENTS_FILE = 'events.json';
/** More are no types of events, but a column of something else. */
const MOST_TYPES = 64;

/** Values of the options in `options.ts`. */
export interface MeaningOptions {
  target?: string;
  hide?: string[];
  negative?: string[];
  forbid?: string[];
  weight?: string[];
}

/**
 * Undefined for a log without types.
 * @param counts how often each type occurs
 * @throws {UsageError} for a type that does not occur
 */
export function meaningOf(
  options: MeaningOptions,
  counts: Record<string, number>,
): DatasetMeaning | undefined {
  const { target, hide, negative = [], forbid = [], weight = [] } = options;
  const types = Object.keys(counts)
    .filter((name) => name !== '')
    .sort();
  const known = (flag: string, name: string): string => {
    if (types.includes(name)) return name;
    if (types.length === 0)
      throw new UsageError(`--${flag}: the log has no types of events; --event COLUMN names them`);
    throw new UsageError(
      `--${flag}: no event is of type ${name}; there are ${types.slice(0, 10).join(', ')}`,
    );
  };
  const all = (flag: string, names: string[]) => names.map((name) => known(flag, name));
  const meaning = {
    types,
    target: target === undefined ? null : known('target', target),
    hide: hide ? all('hide', hide) : target === undefined ? null : [target],
    remove: all('negative', negative),
    forbid: all('forbid', forbid),
    weights: Object.fromEntries(weight.map((text) => weightOf(text, known))),
  };
  const contradiction = [target, ...(hide ?? [])].find((name) =>
    [...negative, ...forbid].includes(name ?? ''),
  );
  if (contradiction)
    throw new UsageError(`--negative, --forbid: ${contradiction} can't be the target, nor hide`);
  if (types.length === 0) return undefined;
  if (types.length > MOST_TYPES) {
    throw new UsageError(
      `--event: ${types.length} values are no types of events; --event none leaves them out`,
    );
  }
  return meaning;
}

function weightOf(text: string, known: (flag: string, name: string) => string): [string, number] {
  const at = text.lastIndexOf('=');
  const value = Number(text.slice(at + 1));
  if (at < 1 || text.endsWith('=') || !(value >= 0)) {
    throw new UsageError(`--weight: expected TYPE=NUMBER such as view=0.3, found ${text}`);
  }
  return [known('weight', text.slice(0, at)), value];
}
