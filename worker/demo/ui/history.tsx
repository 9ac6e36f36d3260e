/** The visitor's history, newest first, and what is left out of lists. */
import { useState } from 'preact/hooks';
import { moment } from '../format.ts';
import { linkOf } from '../share.ts';
import { nameOf } from '../title.ts';
import { add, forget, historyOf, remove, type Visit } from '../visit.ts';
import { counted, NOUNS } from '../words.ts';
import { Facts } from './film.tsx';
import { Poster } from './poster.tsx';

/** More are shown on demand. */
const SHORT = 8;

export function History({ visit }: { visit: Visit }) {
  const [all, setAll] = useState(false);
  const history = historyOf(visit).toReversed();
  const unwanted = visit.entries.filter((entry) => entry.unwanted);
  const elsewhere = visit.onDevice ? 0 : visit.entries.filter(({ here }) => here).length;
  return (
    <section class="past" aria-labelledby="history-title">
      <div class="head">
        <h2 id="history-title">
          Your history <span class="soft">{history.length > 0 && history.length}</span>
        </h2>
        {history.length > 0 && <Share ids={history.map(({ id }) => id).reverse()} />}
        {visit.entries.length > 0 && (
          <button type="button" class="quiet" onClick={forget}>
            Forget me
          </button>
        )}
      </div>
      {history.length === 0 && (
        <p class="soft">Nothing yet. Click {NOUNS} that you know: each click makes a new list.</p>
      )}
      <ol id="history" class="rows" reversed aria-labelledby="history-title">
        {history.slice(0, all ? undefined : SHORT).map((entry) => (
          <li key={entry.id}>
            <Poster film={entry} />
            <span class="text">
              <span class="title">{nameOf(entry.title)}</span> <Facts film={entry} />
              {entry.here && <span class="mark">only on this device</span>}
            </span>
            <span class="when">{moment(entry.at / 1000)}</span>
            <Remove title={entry.title} onClick={() => remove(entry.id)} />
          </li>
        ))}
      </ol>
      {history.length > SHORT && (
        <button type="button" class="quiet" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${history.length}`}
        </button>
      )}
      {elsewhere > 0 && (
        <p class="soft">
          {counted(elsewhere)} added on this device only: not sent, and no part of this list.
        </p>
      )}
      {unwanted.length > 0 && (
        <details>
          <summary>Not for you: {unwanted.length}</summary>
          <ul id="unwanted" class="rows">
            {unwanted.map((entry) => (
              <li key={entry.id}>
                <span class="text">{nameOf(entry.title)}</span>
                <button
                  type="button"
                  class="quiet"
                  aria-label={`List it again: ${nameOf(entry.title)}`}
                  onClick={() => remove(entry.id)}
                >
                  List it again
                </button>
                <button
                  type="button"
                  class="quiet"
                  aria-label={`Add ${nameOf(entry.title)} to your history`}
                  onClick={() => add(entry)}
                >
                  Add
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Remove({ title, onClick }: { title: string; onClick(): void }) {
  return (
    <button
      type="button"
      class="quiet"
      title="Remove"
      aria-label={`Remove ${nameOf(title)}`}
      onClick={onClick}
    >
      ✕
    </button>
  );
}

/** A link with the history in it. Nothing is stored for it. */
function Share({ ids }: { ids: string[] }) {
  const [copied, setCopied] = useState(false);
  const link = linkOf(ids);
  const copy = async () => {
    const done = await navigator.clipboard?.writeText(link).then(
      () => true,
      () => false,
    );
    setCopied(done ?? false);
    if (!done) history.replaceState(null, '', link); // to be copied from the address bar
  };
  return (
    <button type="button" class="quiet" onClick={copy} onBlur={() => setCopied(false)} data-link={link}>
      <span role="status">{copied ? 'Link copied' : 'Share'}</span>
    </button>
  );
}
