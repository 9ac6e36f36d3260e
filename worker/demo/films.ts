/** Rows of films: search results, recommendations, history. */
import { html } from './dom.ts';
import { moment, splitYear } from './format.ts';
import type { Film, Interaction, UserList } from './side.ts';

export type Choose = (film: Film) => void;

export function foundRow(film: Film, seen: boolean, choose: Choose): HTMLElement {
  const button = html('button', { type: 'button', class: 'film' }, title(film.title));
  button.dataset.id = film.id;
  markSeen(button, seen);
  button.addEventListener('click', () => {
    if (button.ariaDisabled !== 'true') choose(film);
  });
  return html('li', {}, button);
}

/** A film that was chosen stays in place and keeps the focus, but can't be chosen again. */
export function markSeen(button: HTMLButtonElement, seen: boolean): void {
  button.querySelector('.hint')?.remove();
  button.append(html('span', { class: 'hint' }, seen ? 'seen' : 'add'));
  if (seen) button.ariaDisabled = 'true';
  else button.removeAttribute('aria-disabled');
}

/**
 * `chance` renders a film's score. `before`: ranks in the list that this one replaces; empty if there was
 * none.
 */
export function rankedRow(
  film: UserList['items'][number],
  chance: string,
  before: ReadonlyMap<string, number>,
  choose: Choose,
): HTMLElement {
  const former = before.get(film.id);
  const isNew = before.size > 0 && former === undefined;
  const button = html(
    'button',
    { type: 'button', class: isNew ? 'film new' : 'film' },
    html('span', { class: 'rank' }, String(film.rank)),
    title(film.title),
    before.size > 0 && movement(former, film.rank),
    html('span', { class: 'chance', title: chance }, percent(film.score)),
  );
  button.addEventListener('click', () => choose(film));
  return html('li', {}, button);
}

/** Notes on a film of the history. */
export type Mark = '' | 'only here' | 'adding…';

export function seenRow({ timestamp }: Interaction, name: string, mark: Mark): HTMLElement {
  const when = timestamp !== undefined && html('span', { class: 'when' }, moment(timestamp));
  return html('li', {}, title(name), mark !== '' && html('span', { class: 'mark' }, mark), when);
}

function title(text: string): HTMLElement {
  const [name, year] = splitYear(text);
  return html('span', { class: 'title' }, name, year !== '' && html('span', { class: 'year' }, ` (${year})`));
}

/** How the film's rank has changed since the last list. */
function movement(former: number | undefined, rank: number): HTMLElement {
  if (former === undefined) return html('span', { class: 'move entered' }, 'new');
  const steps = former - rank;
  if (steps === 0) return html('span', { class: 'move' });
  const arrow = html('span', { 'aria-hidden': 'true' }, steps > 0 ? `▲ ${steps}` : `▼ ${-steps}`);
  const words = html('span', { class: 'visually-hidden' }, steps > 0 ? ` up ${steps}` : ` down ${-steps}`);
  return html('span', { class: steps > 0 ? 'move up' : 'move down' }, arrow, words);
}

function percent(score: number): string {
  return `${(100 * Math.exp(score)).toFixed(1)} %`;
}
