/** The visitor's history, newest first. */
import { byId } from './dom.ts';
import { type Mark, seenRow } from './films.ts';
import { count } from './format.ts';
import type { Film, Interaction, Side } from './side.ts';
import { remember, visitor } from './visitor.ts';

/** A click without an answer. */
export interface Pending {
  seen: Interaction;
  /** The same for every attempt, so that the film is added only once. */
  key: string;
  /** Clicked while the model ran on this device; never sent to the server. */
  onDevice: boolean;
}

/** More are shown on demand. */
const SHORT = 10;

let all = false;

/** Ids of the films in the history of `side`. */
export function seenIds(side: Side, pending: readonly Pending[]): Set<string> {
  return new Set(entries(side, pending).map(({ seen }) => seen.id));
}

export function showTimeline(side: Side, pending: readonly Pending[]): void {
  const { own, titles } = visitor();
  const seen = entries(side, pending);
  const newest = seen.toReversed().slice(0, all ? undefined : SHORT);
  const rows = newest.map(({ seen, mark }) => seenRow(seen, titles[seen.id] ?? `Film ${seen.id}`, mark));
  byId('history').replaceChildren(...rows);
  byId('history-count').textContent = seen.length > 0 ? String(seen.length) : '';
  byId('history-empty').hidden = seen.length > 0;
  byId('forget').hidden = seen.length === 0 && own.length === 0;
  const more = byId('history-more');
  more.hidden = seen.length <= SHORT;
  more.textContent = all ? 'Show fewer' : `Show all ${seen.length}`;
  more.onclick = () => {
    all = !all;
    showTimeline(side, pending);
  };
  const hidden = side.name === 'server' ? own.length : 0;
  byId('history-hidden').hidden = hidden === 0;
  byId('history-hidden').textContent =
    `${count(hidden, 'film')} added on this device only: not sent, and not part of this list.`;
}

export function rememberTitle({ id, title }: Film): void {
  remember({ titles: { ...visitor().titles, [id]: title } });
}

/** Fetches titles that are shown but not known, as of a history from another browser. */
export async function fetchTitles(side: Side): Promise<void> {
  const { titles } = visitor();
  const shown = entries(side, []).toReversed().slice(0, SHORT);
  const unknown = shown.map(({ seen }) => seen.id).filter((id) => !titles[id]);
  const films = await Promise.all(unknown.map((id) => side.film(id).catch(() => undefined)));
  for (const film of films) if (film) rememberTitle(film);
}

/** Oldest first. */
function entries(side: Side, pending: readonly Pending[]): { seen: Interaction; mark: Mark }[] {
  const { log, own } = visitor();
  const here = side.name === 'device' ? own : [];
  return [
    ...log.map((seen) => ({ seen, mark: '' as const })),
    ...here.map((seen) => ({ seen, mark: 'only here' as const })),
    ...pending.map(({ seen }) => ({ seen, mark: 'adding…' as const })),
  ];
}
