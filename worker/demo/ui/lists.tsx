/** The same history, read by different rankers. */
import type { Played } from '../play.ts';
import { nameOf } from '../title.ts';
import { NOUN } from '../words.ts';
import { Facts } from './film.tsx';

export function Lists({ played: { lists, full } }: { played: Played }) {
  const isFound = lists.some(({ found }) => found !== undefined);
  return (
    <section class="lists" aria-labelledby="lists-title">
      <h2 id="lists-title">What follows from the same history</h2>
      {isFound && (
        <p class="soft">
          <em>Found</em>: how often a hidden next {NOUN} was among the first ten, measured on validation when
          the decoder was trained. A point more or less may be due to the training.
        </p>
      )}
      <div>
        {lists.map(({ name, beside, items, found }) => {
          const other = lists.find((list) => list.name === beside)?.items ?? items;
          const theirs = new Set(other.map(({ id }) => id));
          const common = items.filter(({ id }) => theirs.has(id)).length;
          return (
            <div key={name}>
              <h3>{name}</h3>
              <p class="soft facts-of-list">
                {beside && (
                  <span>
                    {common} of {items.length} as in “{beside}”
                  </span>
                )}
                {found !== undefined && <span>found {(100 * found).toFixed(1)} %</span>}
              </p>
              <ol aria-label={name}>
                {items.map((item) => (
                  <li key={item.id} class={theirs.has(item.id) ? undefined : 'other'}>
                    {nameOf(item.title)} <Facts film={item} />
                  </li>
                ))}
              </ol>
            </div>
          );
        })}
      </div>
      {full && full.layers === null && (
        <p class="soft">
          There is no list without EARN: this model comes without a trained decoder of that kind, and random
          weights recommend nothing.
        </p>
      )}
    </section>
  );
}
