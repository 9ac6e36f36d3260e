/** What is recommended, and why. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from '../ask.ts';
import { percent } from '../format.ts';
import type { Film, ListedItem, UserList } from '../side.ts';
import { nameOf } from '../title.ts';
import { add, again, dislike, historyOf, side, type Visit } from '../visit.ts';
import { NOUN, NOUNS } from '../words.ts';
import { FilmButton } from './film.tsx';

type Source = UserList['source'];

/** More would be read by nobody. */
const REASONS = 2;

export function Recommendations({ visit }: { visit: Visit }) {
  const { list, busy } = visit;
  const seen = new Map(historyOf(visit).map((entry) => [entry.id, entry]));
  const keepPlace = useFocusThatStays(list?.items);
  return (
    <ol id="recommendations" class="cards" aria-labelledby="next-title" aria-busy={busy} ref={keepPlace}>
      {list === null && <Skeletons />}
      {list?.items.map((item) => (
        <Card
          key={item.id}
          item={item}
          reasons={reasonsOf(item, seen)}
          source={list.source}
          had={visit.listedFor.has(item.id)}
        />
      ))}
      {list?.items.length === 0 && <li class="soft">Nothing is left in this category.</li>}
    </ol>
  );
}

/** Known titles of what it is listed for. */
function reasonsOf({ because = [] }: ListedItem, seen: ReadonlyMap<string, Film>): string[] {
  return because
    .flatMap((id) => seen.get(id)?.title ?? [])
    .map(nameOf)
    .slice(0, REASONS);
}

function Card(props: {
  item: ListedItem;
  reasons: string[];
  source: Source;
  /** It is in the history that the list was made from. */
  had: boolean;
}) {
  const { item, reasons, source, had } = props;
  const [open, setOpen] = useState(false);
  const name = nameOf(item.title);
  const chance = percent(item.score);
  return (
    <li class="card">
      <FilmButton
        film={item}
        action={had ? 'Add again' : 'Add to your history'}
        onClick={() => (had ? again : add)(item)}
      >
        <span class="why">
          {reasons.length > 0 ? `Because of ${listed(reasons)}` : WITHOUT_REASON[source]}
        </span>
      </FilmButton>
      <div class="actions">
        <span
          class="chance"
          title={source === 'model' ? `Probability as your next ${NOUN}` : 'Share of all interactions'}
        >
          {chance} {source === 'model' ? 'likely' : 'of all'}
        </span>
        <button
          type="button"
          class="quiet"
          aria-expanded={open}
          aria-label={`Similar to ${name}`}
          onClick={() => setOpen(!open)}
        >
          Similar
        </button>
        <button type="button" class="quiet" aria-label={`Not for me: ${name}`} onClick={() => dislike(item)}>
          Not for me
        </button>
      </div>
      {open && <Similar film={item} />}
    </li>
  );
}

const WITHOUT_REASON: Record<Source, string> = {
  model: 'Fits your history as a whole',
  trending: 'Taken most in the last day',
  popular: `Among the most popular ${NOUNS}`,
};

function Similar({ film }: { film: Film }) {
  const [films, setFilms] = useState<Film[] | string>([]);
  useEffect(() => {
    side()
      .similar(film.id, 5)
      .then(setFilms, (error) => setFilms(messageOf(error)));
  }, [film.id]);
  if (typeof films === 'string') return <p class="soft">{films}</p>;
  return (
    <ul class="similar" aria-label={`Like ${nameOf(film.title)}`}>
      {films.map((each) => (
        <li key={each.id}>
          <FilmButton film={each} action="Add to your history" onClick={() => add(each)} />
        </li>
      ))}
    </ul>
  );
}

/** Places of the cards before the first answer, so that nothing jumps. */
function Skeletons() {
  return Array.from({ length: 10 }, (_, index) => (
    <li key={index} class="card skeleton" aria-hidden="true" />
  ));
}

/** Who goes by keyboard stays at the same place of the list when its film is gone. */
function useFocusThatStays(items: readonly ListedItem[] | undefined) {
  const list = useRef<HTMLOListElement>(null);
  const place = useRef(-1);
  useEffect(() => {
    const { current } = list;
    const note = () => {
      const cards = [...(current?.children ?? [])];
      place.current = cards.findIndex((card) => card.contains(document.activeElement));
    };
    current?.addEventListener('focusin', note);
    return () => current?.removeEventListener('focusin', note);
  }, []);
  useEffect(() => {
    if (place.current < 0 || document.activeElement !== document.body) return;
    const { children } = list.current!;
    children[Math.min(place.current, children.length - 1)]?.querySelector('button')?.focus();
  }, [items]);
  return list;
}

/** `a`, `a and b`, `a, b and c` */
function listed(names: string[]): string {
  return new Intl.ListFormat('en').format(names);
}
