/** What is taken most now, how the catalogue has changed since the training, and the rules that hold. */
import { useEffect, useState } from 'preact/hooks';
import { messageOf } from '../ask.ts';
import { moment, plain } from '../format.ts';
import type { Film } from '../side.ts';
import { nameOf } from '../title.ts';
import { Facts } from '../ui/film.tsx';
import { askJson, askWith } from './operator.ts';

interface Trending {
  items: (Film & { score: number; new?: true })[];
  source: string;
  catalogue: { version: number; degraded: boolean };
}

interface Rule {
  name: string;
  action: string;
  filter: unknown;
  from?: string;
  until?: string;
}

interface Change {
  at: string;
  version: number;
  of: 'item' | 'rule';
  name: string;
  title?: string;
  fields: { field: string; before: string | null; after: string | null }[];
}

/** Of the changes; a button shows the others. */
const FEW = 8;

const PAUSE_MS = 30_000;

export function CatalogueNow() {
  const [trending, setTrending] = useState<Trending | null>(null);
  const [rules, setRules] = useState<Rule[]>([]);
  const [changes, setChanges] = useState<Change[]>([]);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    const read = async () => {
      try {
        setTrending(await askWith<Trending>('/v1/recommendations', { ranker: 'trending', k: 10 }));
        setRules((await askJson<{ rules: Rule[] }>('/v1/rules')).rules);
        setChanges((await askJson<{ changes: Change[] }>('/v1/changes')).changes);
        setProblem('');
      } catch (error) {
        setProblem(messageOf(error));
      }
    };
    read();
    const timer = setInterval(() => document.visibilityState === 'visible' && read(), PAUSE_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <>
      <section aria-labelledby="trending-title">
        <h2 id="trending-title">{trending?.source === 'popular' ? 'Most popular' : 'Trending'}</h2>
        {problem !== '' && <p role="status">{problem}</p>}
        {trending?.source === 'popular' && (
          <p class="soft">Too little was taken in the last day to say what trends.</p>
        )}
        <ol>
          {trending?.items.map((item) => (
            <li key={item.id}>
              {nameOf(item.title)} <Facts film={item} /> {item.new && <strong>new</strong>}
            </li>
          ))}
        </ol>
      </section>
      <section aria-labelledby="catalogue-title">
        <h2 id="catalogue-title">Catalogue</h2>
        {trending && <p>{summary(trending.catalogue)}</p>}
        {changes.length > 0 && <Changes changes={changes} />}
        <h3>Rules</h3>
        {rules.length === 0 ? (
          <p class="soft">None.</p>
        ) : (
          <ul>
            {rules.map(({ name, action, filter, from, until }) => (
              <li key={name}>
                <strong>{name}</strong>: {action} <code>{JSON.stringify(filter)}</code>{' '}
                <span class="soft">
                  {[from && `from ${from}`, until && `until ${until}`].filter(Boolean).join(' ')}
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>
    </>
  );
}

/** What was changed when, from what to what. */
function Changes({ changes }: { changes: Change[] }) {
  const [all, setAll] = useState(false);
  return (
    <>
      <h3 id="changes-title">Latest changes</h3>
      <ol class="changes" aria-labelledby="changes-title">
        {changes.slice(0, all ? undefined : FEW).map((change, index) => (
          <li key={`${change.version} ${index}`}>
            <time dateTime={change.at}>{moment(Date.parse(change.at) / 1000)}</time>
            <span>
              <strong>{nameOfChange(change)}</strong>
              {change.fields.map(({ field, before, after }) => (
                <span key={field} class="change">
                  {field.replace('properties.', '')}: {before !== null && <del>{before}</del>}{' '}
                  {after === null ? 'taken back' : <ins>{after}</ins>}
                </span>
              ))}
            </span>
          </li>
        ))}
      </ol>
      {changes.length > FEW && !all && (
        <button type="button" onClick={() => setAll(true)}>
          All {changes.length}
        </button>
      )}
    </>
  );
}

function nameOfChange({ of, name, title }: Change): string {
  if (of === 'rule') return `Rule ${name}`;
  return title === undefined || title === name ? name : `${nameOf(title)} (${name})`;
}

function summary({ version, degraded }: Trending['catalogue']): string {
  if (degraded) return 'The newest changes can’t be read; lists are of the last catalogue that could.';
  return version === 0 ? 'As it was trained.' : `Changed ${plain(version)} times since the training.`;
}
