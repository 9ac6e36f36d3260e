/** The playground: what EARN does with a history, computed on this device as one turns the knobs. */
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { messageOf } from './ask.ts';
import { DeviceWorker } from './device-worker.ts';
import { openEntries, readEntries } from './entries.ts';
import { megabytes } from './format.ts';
import type { Played, Setting } from './play.ts';
import type { Film } from './side.ts';
import { Attention } from './ui/attention.tsx';
import { Comparison, type Fetching } from './ui/comparison.tsx';
import { Controls } from './ui/controls.tsx';
import { Lists } from './ui/lists.tsx';
import { NOUNS } from './words.ts';

/** Of the films that fill a history up. */
const FILLERS = 400;
/** A knob that is still being turned starts no run. */
const PAUSE_MS = 100;

type Knobs = Omit<Setting, 'history'> & { length: number };

function Playground(props: {
  device: DeviceWorker;
  own: Film[];
  fillers: Film[];
  loaded: Fetching['loaded'];
}) {
  const { device, own, fillers, loaded } = props;
  const [knobs, setKnobs] = useState<Knobs>({
    length: Math.max(50, own.length),
    ranker: 'latent',
    beam: 20,
    diversity: 0,
    registersAlone: false,
    k: 10,
  });
  const [shown, setShown] = useState<{ played: Played; history: Film[] } | null>(null);
  const [problem, setProblem] = useState('');
  const [full, setFull] = useState<Fetching['state']>('wanted');
  const [missing, setMissing] = useState('');

  const compare = async () => {
    setFull('coming');
    setMissing('');
    try {
      await device.call('compare');
      setFull('there');
    } catch (error) {
      setMissing(messageOf(error));
      setFull('wanted');
    }
  };

  useEffect(() => {
    let late = false;
    const { length, ...rest } = knobs;
    const history = historyOf(own, fillers, length);
    const timer = setTimeout(() => {
      device.call('play', { ...rest, history: history.map(({ id }) => id) }).then(
        (played) => late || setShown({ played, history }),
        (error) => late || setProblem(messageOf(error)),
      );
    }, PAUSE_MS);
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [knobs, full === 'there']);

  if (problem !== '') return <p class="problem">{problem}</p>;
  if (shown === null) return <p class="soft">The first run …</p>;
  const { played } = shown;
  return (
    <main>
      <Controls
        knobs={knobs}
        rankers={played.rankers}
        most={fillers.length}
        own={Math.min(own.length, knobs.length)}
        onChange={(change) => setKnobs({ ...knobs, ...change })}
      />
      <Comparison
        played={played}
        length={shown.history.length}
        fetching={{ state: full, loaded, problem: missing, start: compare }}
      />
      <Attention played={played} history={shown.history} />
      <Lists played={played} />
    </main>
  );
}

/** The newest films are the visitor's own; before them come some that fill the history up. */
function historyOf(own: Film[], fillers: Film[], length: number): Film[] {
  const newest = own.slice(-length);
  const known = new Set(newest.map(({ id }) => id));
  return [...fillers.filter(({ id }) => !known.has(id)).slice(0, length - newest.length), ...newest];
}

function Page(props: {
  device: DeviceWorker;
  own: Film[];
  fillers: Film[] | null;
  loaded: [number, number];
}) {
  const { device, own, fillers, loaded } = props;
  return (
    <>
      <header>
        <p class="brand">
          <img src="/icon.svg" alt="" width="22" height="22" /> <a href="/">earn-edge</a>
        </p>
        <h1>Playground</h1>
        <p class="soft">
          A decoder reads your history layer by layer. With EARN only the first k layers read it: the layers
          after them see two learned registers and the newest {NOUNS}. Everything here runs on your device,
          each time you turn a knob.
        </p>
      </header>
      {fillers ? (
        <Playground device={device} own={own} fillers={fillers} loaded={loaded} />
      ) : (
        <p class="loading">
          <progress
            max="1"
            value={loaded[1] ? loaded[0] / loaded[1] : undefined}
            aria-label="Fetching the model"
          />
          <span class="soft">
            {megabytes(loaded[0])} of {megabytes(loaded[1])} MB
          </span>
        </p>
      )}
    </>
  );
}

async function start(): Promise<void> {
  const root = document.getElementById('page')!;
  let own: Film[] = [];
  let fillers: Film[] | null = null;
  const show = (loaded: [number, number] = [0, 0]) =>
    render(<Page device={device} own={own} fillers={fillers} loaded={loaded} />, root);
  const device: DeviceWorker = new DeviceWorker('wasm', (loaded, total) => show([loaded, total]));
  show();
  try {
    await openEntries(() => {});
    own = (await readEntries()).filter(({ unwanted }) => !unwanted);
    fillers = await device.call('find', '', FILLERS);
    show();
  } catch (error) {
    root.replaceChildren(messageOf(error));
  }
}

start();
