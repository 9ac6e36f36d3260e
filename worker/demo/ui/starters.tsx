/** Histories to start from: one per taste, or any. */
import { useState } from 'preact/hooks';
import { messageOf } from '../ask.ts';
import type { Film } from '../side.ts';
import { side, startFrom, type Visit } from '../visit.ts';
import { EXAMPLES, NOUNS } from '../words.ts';

/** Categories that stand for tastes, where the model brings no examples of its own. */
const MOST = 6;
/** Films per history. */
const LENGTH = 4;
/** A surprise begins with one of so many popular films, and goes on with some of those like it. */
const [POPULAR, ALIKE] = [100, 12];

export function Starters({ visit }: { visit: Visit }) {
  const [problem, setProblem] = useState('');
  const run = (name: string, films: () => Promise<Film[]>) => async () => {
    setProblem('');
    try {
      startFrom(await films(), name);
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  const tastes = visit.categories.slice(0, MOST).map(({ name }) => ({ name, films: () => bestOf(name) }));
  const examples = EXAMPLES.map(({ name, items }) => ({ name, films: () => named(items) }));
  return (
    <div class="starters">
      <p id="starters-title">No {NOUNS} in mind? Start from</p>
      <ul aria-labelledby="starters-title">
        {(examples.length > 0 ? examples : tastes).map(({ name, films }) => (
          <li key={name}>
            <button type="button" class="chip" onClick={run(name, films)}>
              {name}
            </button>
          </li>
        ))}
        <li>
          <button type="button" class="chip" onClick={run('a surprise', surprise)}>
            Surprise me
          </button>
        </li>
      </ul>
      {problem !== '' && (
        <p class="soft" role="status">
          {problem}
        </p>
      )}
    </div>
  );
}

async function named(ids: readonly string[]): Promise<Film[]> {
  const films = await Promise.all(ids.map((id) => side().film(id)));
  return films.filter((film) => film !== undefined);
}

/** The most popular of a category, of which each is known to many. */
async function bestOf(category: string): Promise<Film[]> {
  const found = await side().find(category, 3 * LENGTH);
  return found.filter(({ categories }) => categories.includes(category)).slice(0, LENGTH);
}

async function surprise(): Promise<Film[]> {
  const popular = await side().find('', POPULAR);
  const first = popular[Math.floor(Math.random() * popular.length)];
  const alike = await side().similar(first.id, ALIKE);
  return [first, ...shuffled(alike).slice(0, LENGTH - 1)];
}

/** Fisher and Yates. */
function shuffled<T>(values: readonly T[]): T[] {
  const result = [...values];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}
