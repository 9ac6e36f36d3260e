/** The search box and its results. */
import { messageOf } from './ask.ts';
import { Stopped } from './device-side.ts';
import { byId } from './dom.ts';
import { type Choose, foundRow, markSeen } from './films.ts';
import type { Side } from './side.ts';

interface Search {
  find: Side['find'];
  choose: Choose;
  /** Ids of the films in the history. */
  seen(): ReadonlySet<string>;
}

const PAUSE_MS = 150;
/** Fewer on a phone. */
const PHONE = matchMedia('(width < 46rem)');

const box = byId<HTMLInputElement>('search');
let search: Search;
let running = new AbortController();
let pause = 0;

export function startSearch(options: Search): void {
  search = options;
  box.addEventListener('input', () => {
    clearTimeout(pause);
    pause = window.setTimeout(run, PAUSE_MS);
  });
}

/** Marks the films that are in the history by now. */
export function showFound(): void {
  const seen = search.seen();
  const buttons = byId('results').querySelectorAll('button');
  for (const button of buttons) markSeen(button, seen.has(button.dataset.id!));
  if (buttons.length === 0 && box.value.trim() === '') run();
}

async function run(): Promise<void> {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const query = box.value.trim();
  const status = byId('search-status');
  try {
    const films = await search.find(query, PHONE.matches ? 5 : 8, signal);
    if (signal.aborted) return;
    const seen = search.seen();
    byId('results').replaceChildren(...films.map((film) => foundRow(film, seen.has(film.id), search.choose)));
    if (query === '') status.textContent = 'For a start, the first films of the catalogue';
    else if (films.length === 0) status.textContent = 'No film has these words in its title';
    else status.textContent = films.length === 1 ? '1 film' : `${films.length} films shown`;
  } catch (error) {
    if (!signal.aborted && !(error instanceof Stopped)) status.textContent = messageOf(error);
  }
}
