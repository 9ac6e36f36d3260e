/** One item, and one user. */
import { useState } from 'preact/hooks';
import { messageOf } from '../ask.ts';
import { kilobytes, moment, plain } from '../format.ts';
import type { Film } from '../side.ts';
import { fullName, nameOf } from '../title.ts';
import { Facts } from '../ui/film.tsx';
import { askJson } from './operator.ts';

interface Item extends Film {
  count: number;
}

interface User {
  length: number;
  state: { items: number; bytes: number; age_seconds: number } | null;
  events: { id: string; title: string; timestamp?: number }[];
}

/** Of a user's history, what is shown. */
const NEWEST = 20;

export function ItemLookup() {
  const [found, setFound] = useState<{ item: Item; next: Film[]; similar: Film[] } | string>('');
  const look = async (query: string) => {
    const { items } = await askJson<{ items: Item[] }>(
      `/v1/items?${new URLSearchParams({ q: query, limit: '1' })}`,
    );
    const path = (id: string) => `/v1/items/${encodeURIComponent(id)}`;
    const item = items[0] ?? (await askJson<Item>(path(query)));
    const lists = ['next', 'similar'].map((name) =>
      askJson<{ items: Film[] }>(`${path(item.id)}/${name}?k=5`),
    );
    const [next, similar] = await Promise.all(lists);
    setFound({ item, next: next.items, similar: similar.items });
  };
  return (
    <section aria-labelledby="item-title">
      <h2 id="item-title">Look up an item</h2>
      <Form label="Title or id" look={look} fail={setFound} />
      {typeof found === 'string' ? (
        <p role="status">{found}</p>
      ) : (
        <>
          <p>
            <strong>{nameOf(found.item.title)}</strong> <Facts film={found.item} />
          </p>
          <p class="soft">
            Id <code>{found.item.id}</code>, {plain(found.item.count)} interactions in training
          </p>
          <h3>What comes next</h3>
          <Titles films={found.next} />
          <h3>Similar</h3>
          <Titles films={found.similar} />
        </>
      )}
    </section>
  );
}

export function UserLookup() {
  const [found, setFound] = useState<User | string>('');
  const look = async (id: string) => {
    const path = `/v1/users/${encodeURIComponent(id)}`;
    const [user, { items }] = await Promise.all([
      askJson<Omit<User, 'events'>>(path),
      askJson<{ items: { id: string; timestamp?: number }[] }>(`${path}/interactions?limit=${NEWEST}`),
    ]);
    const events = items.map(async (event) => ({ ...event, title: await titleOf(event.id) }));
    setFound({ ...user, events: await Promise.all(events) });
  };
  return (
    <section aria-labelledby="user-title">
      <h2 id="user-title">Look up a user</h2>
      <Form label="User id" look={look} fail={setFound} />
      {typeof found === 'string' ? (
        <p role="status">{found}</p>
      ) : (
        <>
          <p>
            {plain(found.length)} interactions;{' '}
            {found.state
              ? `${plain(found.state.items)} of them remembered in ${kilobytes(found.state.bytes)}, ${found.state.age_seconds} s ago`
              : 'no state is stored'}
          </p>
          <ol>
            {found.events.map(({ id, title, timestamp }) => (
              <li key={id}>
                {fullName(title)} {timestamp !== undefined && <span class="soft">{moment(timestamp)}</span>}
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

/** An item may be newer than the model. */
async function titleOf(id: string): Promise<string> {
  const item = await askJson<Film>(`/v1/items/${encodeURIComponent(id)}`).catch(() => null);
  return item?.title ?? id;
}

function Titles({ films }: { films: Film[] }) {
  return (
    <ol>
      {films.map((film) => (
        <li key={film.id}>{fullName(film.title)}</li>
      ))}
    </ol>
  );
}

function Form(props: { label: string; look(text: string): Promise<void>; fail(message: string): void }) {
  const { label, look, fail } = props;
  const [text, setText] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    if (text.trim() !== '') look(text.trim()).catch((error) => fail(messageOf(error)));
  };
  return (
    <form onSubmit={submit}>
      <label>
        {label}
        <input value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} maxLength={200} />
      </label>
      <button type="submit">Look up</button>
    </form>
  );
}
