/** Pieces that every list of films has. */
import type { ComponentChildren } from 'preact';
import type { Film } from '../side.ts';
import { nameOf, splitYear } from '../title.ts';
import { Poster } from './poster.tsx';

/** Year and genres. */
export function Facts({ film }: { film: Film }) {
  const [, year] = splitYear(film.title);
  const parts = [year, film.categories.slice(0, 3).join(', ')].filter((part) => part !== '');
  return parts.length > 0 ? <span class="facts">{parts.join(' · ')}</span> : null;
}

/** A film whose picture and name are one button. */
export function FilmButton(props: {
  film: Film;
  /** What happens, for who can't see the picture. */
  action: string;
  disabled?: boolean;
  onClick(): void;
  children?: ComponentChildren;
}) {
  const { film, action, disabled, onClick, children } = props;
  return (
    <button
      type="button"
      class="film"
      data-id={film.id}
      aria-disabled={disabled}
      onClick={() => disabled || onClick()}
    >
      <Poster film={film} />
      <span class="text">
        <span class="visually-hidden">{action}: </span>
        <span class="title">{nameOf(film.title)}</span> <Facts film={film} />
        {children}
      </span>
    </button>
  );
}
