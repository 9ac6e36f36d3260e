/**
 * A visit to the page: what is shown, and what the visitor does. Every action changes the entries at once;
 * lists follow, one request at a time. What can't be sent stays, and goes when there is a connection.
 */
import { isOutage, messageOf } from './ask.ts';
import { type Costs, costOf, forgetCosts, noteCost } from './costs.ts';
import { DeviceSide, Stopped } from './device-side.ts';
import {
  type Entry,
  entryOf,
  openEntries,
  putEntries,
  readEntries,
  removeEntry,
  replaceEntries,
} from './entries.ts';
import { keepOffline } from './keep-offline.ts';
import { ServerSide } from './server-side.ts';
import { store, stored } from './settings.ts';
import { clearShared, sharedIds } from './share.ts';
import type { Category, Film, Side, UserList } from './side.ts';
import { nameOf } from './title.ts';

/** Films per list. */
const LIST_LENGTH = 10;
/** The property that has a film's picture. */
const PICTURE = ['image'];
/** Pauses before what failed is tried again, in ms. The last one repeats. */
const PAUSES = [1000, 2000, 5000, 15_000];
/** How long an action can be undone. */
const UNDO_MS = 12_000;
const ON_DEVICE = 'on device';

export interface Undo {
  text: string;
  run(): void;
}

export interface Visit {
  entries: Entry[];
  list: UserList | null;
  /** Ids of the history that the list was made from. */
  listedFor: ReadonlySet<string>;
  costs: Costs;
  /** Something is on its way. */
  busy: boolean;
  problem: string | null;
  /** The problem is that nobody answers. */
  outage: boolean;
  onDevice: boolean;
  /** Share of the model that has been fetched, from 0 to 1, while it is. */
  loading: { loaded: number; total: number } | null;
  category: string;
  categories: Category[];
  undo: Undo | null;
  /** A history that came with the link, while the visitor has one already. */
  offered: Film[];
}

const server = new ServerSide();
const device = new DeviceSide((loaded, total) => update({ loading: { loaded, total } }));

let visit: Visit = {
  entries: [],
  list: null,
  listedFor: new Set(),
  costs: { last: null, measured: [] },
  busy: true,
  problem: null,
  outage: false,
  onDevice: stored(ON_DEVICE) === 'true',
  loading: null,
  category: '',
  categories: [],
  undo: null,
  offered: [],
};
let show: (visit: Visit) => void = () => {};
/** Counts what calls for a new list. */
let wanted = 0;
let running = false;
let failures = 0;
let retry = 0;
let fading = 0;

export const side = (): Side => (visit.onDevice ? device : server);

/** What the model is given: oldest first. */
export const historyOf = ({ entries, onDevice }: Visit): Entry[] =>
  entries.filter(({ unwanted, here }) => !unwanted && (onDevice || !here));

export async function start(render: (visit: Visit) => void): Promise<void> {
  show = render;
  update({ costs: costOf() });
  await openEntries(() => void reread());
  update({ entries: await readEntries() });
  addEventListener('online', tryAgain);
  settle();
  refresh();
  addEventListener('hashchange', takeShared);
  await takeShared();
  update({
    categories: await side()
      .categories()
      .catch(() => []),
  });
}

export function add(film: Film): void {
  const known = visit.entries.find(({ id }) => id === film.id);
  if (known && !known.unwanted) return; // a double click
  act([...without(film.id), entryOf(film, visit.onDevice)], (entries) => putEntries(entries.slice(-1)), {
    text: `Added ${nameOf(film.title)}.`,
    run: known
      ? () => change([...without(film.id), known], () => putEntries([known]))
      : () => remove(film.id),
  });
}

/** Some catalogues list what one has had, to be taken again: then it becomes the newest of the history. */
export function again(film: Film): void {
  const known = visit.entries.find(({ id }) => id === film.id);
  act([...without(film.id), entryOf(film, visit.onDevice)], (entries) => putEntries(entries.slice(-1)), {
    text: `Added ${nameOf(film.title)} again.`,
    run: () =>
      known &&
      change(
        [...without(film.id), known].sort((a, b) => a.at - b.at),
        () => putEntries([known]),
      ),
  });
}

export function dislike(film: Film): void {
  const known = visit.entries.find(({ id }) => id === film.id);
  act(
    [...without(film.id), entryOf(film, visit.onDevice, true)],
    (entries) => putEntries(entries.slice(-1)),
    {
      text: `${nameOf(film.title)} won’t be listed.`,
      run: known
        ? () => change([...without(film.id), known], () => putEntries([known]))
        : () => remove(film.id),
    },
  );
}

export function remove(id: string): void {
  const known = visit.entries.find((entry) => entry.id === id);
  if (!known) return;
  act(without(id), () => removeEntry(id), {
    text: `Removed ${nameOf(known.title)}.`,
    run: () =>
      change(
        [...without(id), known].sort((a, b) => a.at - b.at),
        () => putEntries([known]),
      ),
  });
}

/** Another history instead of the one that there is. */
export function startFrom(films: readonly Film[], name: string): void {
  const before = visit.entries;
  const kept = before.filter(({ unwanted, id }) => unwanted && !films.some((film) => film.id === id));
  const entries = [...kept, ...films.map((film) => entryOf(film, visit.onDevice))];
  act(entries, replaceEntries, {
    text: `Your history is now ${name}.`,
    run: () => change(before, replaceEntries),
  });
  update({ offered: [] });
}

/** Deletes everything about the visitor, here and on the server; there, as soon as it can be reached. */
export async function forget(): Promise<void> {
  forgetCosts();
  update({ undo: null, costs: costOf(), list: null, offered: [] });
  change([], replaceEntries);
  await device.forget().catch(() => {});
  await server.forget().catch(() => {}); // noted, and done with the next request that arrives
}

export function choose(category: string): void {
  update({ category });
  refresh();
}

export function switchSide(): void {
  const onDevice = !visit.onDevice;
  if (!onDevice) device.stop();
  store(ON_DEVICE, String(onDevice));
  update({ onDevice, loading: null });
  if (onDevice) keepOffline();
  tryAgain();
}

export function tryAgain(): void {
  clearTimeout(retry);
  failures = 0;
  refresh();
  settle();
}

/** What was forgotten without a connection is forgotten on the server too, wherever the model runs. */
function settle(): void {
  server.settle().catch(() => {}); // another time
}

export function dismissOffer(): void {
  update({ offered: [] });
}

function without(id: string): Entry[] {
  return visit.entries.filter((entry) => entry.id !== id);
}

function act(entries: Entry[], write: (entries: Entry[]) => Promise<void>, undo: Undo): void {
  const run = () => {
    update({ undo: null });
    undo.run();
  };
  update({ undo: { text: undo.text, run } });
  clearTimeout(fading);
  fading = setTimeout(() => update({ undo: null }), UNDO_MS);
  change(entries, write);
}

/** Shows the entries, and writes them within the same task: a click that is seen is kept. */
function change(entries: Entry[], write: (entries: Entry[]) => Promise<void>): void {
  const written = write(entries);
  update({ entries });
  written.then(refresh, (error) => update({ problem: `This browser can’t store it: ${messageOf(error)}` }));
}

async function reread(): Promise<void> {
  update({ entries: await readEntries() });
  refresh();
}

/** Asks for a list; while one is on its way, for another one afterwards. */
async function refresh(): Promise<void> {
  wanted++;
  if (running) return;
  running = true;
  let done = 0;
  while (done < wanted) {
    done = wanted;
    update({ busy: true });
    try {
      await ask();
      failures = 0;
      update({ problem: null, outage: false, loading: null });
    } catch (error) {
      if (!(error instanceof Stopped)) fail(error);
    }
  }
  running = false;
  update({ busy: false });
}

async function ask(): Promise<void> {
  const from = side();
  if (from === device && !device.ready) update({ loading: { loaded: 0, total: 0 } });
  const entries = await readEntries();
  update({ entries });
  const history = historyOf(visit).map(({ id, at }) => ({ id, timestamp: Math.floor(at / 1000) }));
  const exclude = entries.filter(({ unwanted }) => unwanted).map(({ id }) => id);
  const categories = visit.category === '' ? [] : [visit.category];
  const start = performance.now();
  const list = await from.list(history, { k: LIST_LENGTH, exclude, categories, return: PICTURE });
  const ms = performance.now() - start;
  if (from !== side()) throw new Stopped(); // switched meanwhile
  update({ list, listedFor: new Set(history.map(({ id }) => id)), costs: noteCost(list, ms, from) });
}

function fail(error: unknown): void {
  update({ problem: messageOf(error), outage: isOutage(error), loading: null });
  clearTimeout(retry);
  retry = setTimeout(refresh, PAUSES[Math.min(failures++, PAUSES.length - 1)]);
}

/** The history of a link: taken at once by who has none, else offered. */
async function takeShared(): Promise<void> {
  const ids = sharedIds();
  if (ids.length === 0) return;
  const asked = await Promise.all(ids.map((id) => side().film(id))).catch(() => null);
  if (asked === null) return; // an outage: the link stays, for a reload
  const films = asked.filter((film) => film !== undefined);
  clearShared();
  if (films.length === 0) return;
  if (historyOf(visit).length === 0) startFrom(films, 'the one of the link');
  else update({ offered: films });
}

function update(some: Partial<Visit>): void {
  visit = { ...visit, ...some };
  show(visit);
}
