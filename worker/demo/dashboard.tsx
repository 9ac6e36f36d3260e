/** The dashboard of whoever runs the service. It shows nothing without a key of scope admin. */
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { messageOf } from './ask.ts';
import { CatalogueNow } from './dashboard/catalogue.tsx';
import { parseReading, type Reading } from './dashboard/counters.ts';
import { ItemLookup, UserLookup } from './dashboard/lookup.tsx';
import { isRefused, leave, readMetrics, takeKey } from './dashboard/operator.ts';
import { Outcomes } from './dashboard/outcomes.tsx';
import { type Point, pointAfter, Traffic } from './dashboard/traffic.tsx';

const PAUSE_MS = 5000;

interface Seen {
  /** The last reading of each isolate. */
  isolates: ReadonlyMap<string, Reading>;
  last: Reading;
  points: readonly Point[];
}

function Dashboard() {
  const [seen, setSeen] = useState<Seen | null>(null);
  const [refused, setRefused] = useState('');
  const [problem, setProblem] = useState('');

  const read = async () => {
    try {
      const last = parseReading(await readMetrics(), Date.now() / 1000);
      setSeen((before) => ({
        last,
        points: pointAfter(before?.points ?? [], before?.isolates.get(last.isolate), last),
        isolates: new Map([...(before?.isolates ?? []), [last.isolate, last]]),
      }));
      setRefused('');
      setProblem('');
    } catch (error) {
      if (isRefused(error)) {
        setSeen(null);
        setRefused(messageOf(error));
      } else setProblem(messageOf(error));
    }
  };
  useEffect(() => {
    read();
    const timer = setInterval(
      () => document.visibilityState === 'visible' && refused === '' && read(),
      PAUSE_MS,
    );
    return () => clearInterval(timer);
  }, [refused]);

  return (
    <>
      <header>
        <p class="brand">
          <img src="/icon.svg" alt="" width="22" height="22" /> <a href="/">earn-edge</a>
        </p>
        <h1>Dashboard</h1>
      </header>
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {refused !== '' && <KeyForm reason={refused} onKey={read} />}
      {seen && (
        <main>
          <Traffic points={seen.points} reading={seen.last} isolates={seen.isolates.size} />
          <Outcomes />
          <div class="lookups">
            <CatalogueNow />
            <ItemLookup />
            <UserLookup />
          </div>
          <p>
            <button
              type="button"
              class="quiet"
              onClick={() => {
                leave();
                read();
              }}
            >
              Forget the key
            </button>
          </p>
        </main>
      )}
    </>
  );
}

function KeyForm({ reason, onKey }: { reason: string; onKey(): void }) {
  const [key, setKey] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    takeKey(key);
    onKey();
  };
  return (
    <main>
      <section aria-label="Key">
        <p role="status">{reason}</p>
        <form onSubmit={submit}>
          <label>
            A key with the scope admin
            <input
              type="password"
              autocomplete="off"
              value={key}
              onInput={({ currentTarget }) => setKey(currentTarget.value)}
            />
          </label>
          <button type="submit">Open</button>
        </form>
        <p class="soft">It is kept in this tab, and sent to this service alone. npm run keys makes one.</p>
      </section>
    </main>
  );
}

render(<Dashboard />, document.getElementById('page')!);
