/** The same history, read by different rankers. */
import type { Played } from '../play.ts';
import { nameOf } from '../title.ts';
import { Facts } from './film.tsx';

export function Lists({ played: { lists } }: { played: Played }) {
  const ours = new Set(lists[0].items.map(({ id }) => id));
  return (
    <section class="lists" aria-labelledby="lists-title">
      <h2 id="lists-title">What follows from the same history</h2>
      <div>
        {lists.map(({ name, items }, column) => (
          <div key={name}>
            <h3>{name}</h3>
            <p class="soft">
              {column > 0 && `${items.filter(({ id }) => ours.has(id)).length} of ${items.length} in common`}
            </p>
            <ol aria-label={name}>
              {items.map((item) => (
                <li key={item.id} class={ours.has(item.id) ? undefined : 'other'}>
                  {nameOf(item.title)} <Facts film={item} />
                </li>
              ))}
            </ol>
          </div>
        ))}
      </div>
    </section>
  );
}
