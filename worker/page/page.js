// The demo page: search, history, recommendations. Plain browser code, served as it is.

/** @typedef {{ id: string, title: string }} Film */

const HISTORY_KEY = 'history';
const SEARCH_PAUSE_MS = 150;
const SEARCH_RESULTS = 8;

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const search = /** @type {HTMLInputElement} */ (byId('search'));

/** The history, oldest first. @type {Film[]} */
let seen = restore();
let searching = new AbortController();
let recommending = new AbortController();
let pause = 0;

search.addEventListener('input', () => {
  clearTimeout(pause);
  pause = setTimeout(showResults, SEARCH_PAUSE_MS);
});
byId('clear').addEventListener('click', () => {
  change([]);
  search.focus();
});
byId('retry').addEventListener('click', refresh);
change(seen);
showResults();

/** A new history: kept for this tab, shown, and recommended from. @param {Film[]} films */
function change(films) {
  seen = films;
  try {
    sessionStorage.setItem(HISTORY_KEY, JSON.stringify(seen));
  } catch {
    // Storage is full or forbidden; the page works without it.
  }
  byId('clear').hidden = seen.length === 0;
  byId('history-empty').hidden = seen.length > 0;
  byId('history').replaceChildren(...seen.map(historyRow).reverse());
  showRecommendations();
}

/** @returns {Film[]} */
function restore() {
  try {
    const stored = JSON.parse(sessionStorage.getItem(HISTORY_KEY) ?? '[]');
    return stored.filter((/** @type {Film} */ film) => film.id && film.title);
  } catch {
    return [];
  }
}

function refresh() {
  showRecommendations();
  showResults();
}

async function showResults() {
  searching.abort();
  searching = new AbortController();
  const { signal } = searching;
  const q = search.value.trim();
  const query = new URLSearchParams({ q, limit: String(SEARCH_RESULTS) });
  try {
    const { items } = await ask(`/v1/items?${query}`, { signal });
    byId('results').replaceChildren(...items.map((/** @type {Film} */ film) => row(filmButton(film))));
    const found = items.length === 1 ? '1 film' : `${items.length} films`;
    byId('search-status').textContent = q === '' ? 'The first films of the catalogue' : `${found} shown`;
  } catch (error) {
    if (!signal.aborted) byId('search-status').textContent = messageOf(error);
  }
}

async function showRecommendations() {
  recommending.abort();
  recommending = new AbortController();
  const { signal } = recommending;
  const list = byId('recommendations');
  list.ariaBusy = 'true';
  const body = JSON.stringify({ history: seen.map(({ id }) => id), k: 10 });
  const headers = { 'Content-Type': 'application/json' };
  const start = performance.now();
  try {
    const answer = await ask('/v1/recommendations', { method: 'POST', body, headers, signal });
    const ms = Math.round(performance.now() - start);
    const focused = list.contains(document.activeElement);
    list.replaceChildren(...answer.items.map(rankedRow));
    if (focused) list.querySelector('button')?.focus();
    byId('next-status').textContent = `${answer.items.length} films in ${ms} ms · model ${answer.model.id}`;
    byId('problem').hidden = true;
  } catch (error) {
    if (signal.aborted) return;
    list.replaceChildren();
    byId('next-status').textContent = '';
    byId('problem-text').textContent = messageOf(error);
    byId('problem').hidden = false;
  }
  list.ariaBusy = 'false';
}

/** The JSON answer. Throws what the service's problem details say. @param {string} url @param {RequestInit} init */
async function ask(url, init) {
  const response = await fetch(url, init);
  if (response.ok) return response.json();
  const { title, detail, request_id } = await response.json().catch(() => ({ title: response.statusText }));
  const reason = detail && detail !== title ? `${title}: ${detail}` : title;
  throw new Error(request_id ? `${reason} (request ${request_id})` : reason);
}

/** @param {unknown} error */
function messageOf(error) {
  // What fetch throws when there is no answer at all.
  if (error instanceof TypeError) return 'The service can’t be reached. Is there a connection?';
  return error instanceof Error ? error.message : String(error);
}

/** @param {...HTMLElement} children */
function row(...children) {
  const li = document.createElement('li');
  li.append(...children);
  return li;
}

/** Adds the film to the history. @param {Film} film @param {...HTMLElement} before */
function filmButton(film, ...before) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'film';
  button.title = 'Add to your history';
  button.append(...before, film.title);
  button.addEventListener('click', () => change([...seen.filter(({ id }) => id !== film.id), film]));
  return button;
}

/** @param {Film & { rank: number }} film */
function rankedRow(film) {
  const rank = document.createElement('span');
  rank.className = 'rank';
  rank.textContent = String(film.rank);
  return row(filmButton(film, rank));
}

/** @param {Film} film @param {number} index */
function historyRow(film, index) {
  const title = document.createElement('span');
  title.className = 'film';
  title.textContent = film.title;
  const remove = document.createElement('button');
  remove.type = 'button';
  remove.className = 'quiet';
  remove.textContent = 'Remove';
  remove.setAttribute('aria-label', `Remove ${film.title}`);
  remove.addEventListener('click', () => {
    change(seen.toSpliced(index, 1));
    search.focus();
  });
  return row(title, remove);
}
