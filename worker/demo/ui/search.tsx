/** The search box, and what it finds. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from '../ask.ts';
import { Stopped } from '../device-side.ts';
import type { Film } from '../side.ts';
import { add, historyOf, side, type Visit } from '../visit.ts';
import { NOUN, NOUNS } from '../words.ts';
import { FilmButton } from './film.tsx';

const PAUSE_MS = 150;
const MOST = 8;
const LEAVING = ['pointerdown', 'focusin'];

export function Search({ visit }: { visit: Visit }) {
  const [query, setQuery] = useState('');
  const [films, setFilms] = useState<Film[]>([]);
  const [status, setStatus] = useState('');
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  const all = useRef<HTMLElement>(null);
  const shown = open && films.length > 0;
  const seen = new Set(historyOf(visit).map(({ id }) => id));

  useEffect(() => {
    const words = query.trim();
    if (words === '') {
      setFilms([]);
      setStatus('');
      return;
    }
    const abort = new AbortController();
    const { signal } = abort;
    const timer = setTimeout(async () => {
      try {
        const found = await side().find(words, MOST, signal);
        if (signal.aborted) return;
        setFilms(found);
        setStatus(found.length === 0 ? `No ${NOUN} is called anything like it` : '');
      } catch (error) {
        if (!signal.aborted && !(error instanceof Stopped)) setStatus(messageOf(error));
      }
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [query, visit.onDevice]);

  // What is found lies over the page, so it goes when one turns to something else.
  useEffect(() => {
    const leave = ({ target }: Event) => {
      if (!all.current?.contains(target as Node)) setOpen(false);
    };
    for (const type of LEAVING) document.addEventListener(type, leave);
    return () => {
      for (const type of LEAVING) document.removeEventListener(type, leave);
    };
  }, []);

  const close = () => {
    setQuery('');
    box.current?.focus();
  };
  return (
    <search class="find" ref={all} onKeyDown={({ key }) => key === 'Escape' && close()}>
      <label for="search">Find a {NOUN}</label>
      <input
        id="search"
        ref={box}
        type="search"
        placeholder="Title or category"
        autocomplete="off"
        spellcheck={false}
        maxLength={200}
        value={query}
        onInput={({ currentTarget }) => {
          setQuery(currentTarget.value);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        aria-controls={shown ? 'results' : undefined}
      />
      <p class="soft" role="status">
        {status}
      </p>
      {shown && (
        <div class="found">
          <ul id="results" aria-label={`${NOUNS} found`}>
            {films.map((film) => (
              <li key={film.id}>
                <FilmButton
                  film={film}
                  action={seen.has(film.id) ? 'In your history' : 'Add to your history'}
                  disabled={seen.has(film.id)}
                  onClick={() => add(film)}
                >
                  <span class="hint">{seen.has(film.id) ? 'added' : ''}</span>
                </FilmButton>
              </li>
            ))}
          </ul>
          <button type="button" class="quiet" onClick={close}>
            Close
          </button>
        </div>
      )}
    </search>
  );
}
