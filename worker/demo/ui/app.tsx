/** The page: what is recommended first, then everything else. */
import { megabytes } from '../format.ts';
import { choose, dismissOffer, historyOf, startFrom, switchSide, tryAgain, type Visit } from '../visit.ts';
import { counted, NOTE, NOUNS, TITLE } from '../words.ts';
import { Cost } from './cost.tsx';
import { History } from './history.tsx';
import { Recommendations } from './recommendations.tsx';
import { Search } from './search.tsx';
import { Starters } from './starters.tsx';

export function App({ visit }: { visit: Visit }) {
  const empty = historyOf(visit).length === 0;
  return (
    <>
      <header>
        <p class="brand">
          <img src="/icon.svg" alt="" width="22" height="22" /> earn-edge
        </p>
        <h1>{TITLE}</h1>
        <Search visit={visit} />
      </header>
      <Problem visit={visit} />
      <Offer visit={visit} />
      <main>
        <section class="next" aria-labelledby="next-title">
          <div class="head">
            <h2 id="next-title">
              Recommended{visit.list && visit.list.source !== 'model' && ' to start with'}
            </h2>
            <Categories visit={visit} />
          </div>
          <Cost costs={visit.costs} />
          {empty && <Starters visit={visit} />}
          <Recommendations visit={visit} />
        </section>
        <div class="aside">
          <History visit={visit} />
          {!empty && (
            <section aria-label="Start again">
              <Starters visit={visit} />
            </section>
          )}
          <Where visit={visit} />
        </div>
      </main>
      <footer>
        {NOTE !== '' && <p>{NOTE}</p>}
        <p>
          <a href="/playground">Playground</a> · <a href="/docs">API</a> · Your history stays in this browser;
          the service has it under a random id.
        </p>
      </footer>
      <Toast visit={visit} />
    </>
  );
}

function Categories({ visit: { categories, category } }: { visit: Visit }) {
  if (categories.length === 0) return null;
  return (
    <select
      aria-label="Category"
      value={category}
      onChange={({ currentTarget }) => choose(currentTarget.value)}
    >
      <option value="">All {NOUNS}</option>
      {categories.map(({ name }) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

function Problem({ visit: { problem, outage } }: { visit: Visit }) {
  if (problem === null) return null;
  return (
    <div class="problem" role="alert">
      <p>
        {problem}
        {outage && ' What you do is kept here, and sent as soon as it can be.'}
      </p>
      <button type="button" onClick={tryAgain}>
        Try again
      </button>
    </div>
  );
}

/** A history from a link, for who has one already. */
function Offer({ visit: { offered } }: { visit: Visit }) {
  if (offered.length === 0) return null;
  return (
    <div class="problem offer" role="status">
      <p>The link brought a history of {counted(offered.length)}. You have one of your own.</p>
      <button type="button" onClick={() => startFrom(offered, 'the one of the link')}>
        Take the link’s
      </button>
      <button type="button" class="quiet" onClick={dismissOffer}>
        Keep mine
      </button>
    </div>
  );
}

function Where({ visit: { onDevice, loading } }: { visit: Visit }) {
  return (
    <section class="where" aria-label="Where the model runs">
      <button
        type="button"
        role="switch"
        aria-checked={onDevice}
        aria-describedby="where"
        onClick={switchSide}
      >
        <span class="track" aria-hidden="true" />
        Run on this device
      </button>
      <p id="where" class="soft">
        {onDevice
          ? 'The same model runs in this browser. What you add and search stays here, and the page works offline.'
          : 'The model runs in the Worker, which remembers what you add under a random id.'}
      </p>
      {onDevice && loading && <Progress {...loading} />}
    </section>
  );
}

function Progress({ loaded, total }: { loaded: number; total: number }) {
  // The last graphs (under 1 %) are fetched only when the first ones are ready.
  const starting = total === 0 || loaded > 0.99 * total;
  return (
    <p class="loading">
      <progress max="1" value={total === 0 ? undefined : loaded / total} aria-label="Fetching the model" />
      <span class="soft">{starting ? 'Starting…' : `${megabytes(loaded)} of ${megabytes(total)} MB`}</span>
    </p>
  );
}

/** What was done last, and the way back. */
function Toast({ visit: { undo } }: { visit: Visit }) {
  return (
    <div class="toast" role="status" hidden={undo === null}>
      {undo && (
        <>
          <span>{undo.text}</span>
          <button type="button" class="quiet" onClick={undo.run}>
            Undo
          </button>
        </>
      )}
    </div>
  );
}
