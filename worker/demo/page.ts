/** The demo page: search, click, and see what each list cost. Requests go to the model one at a time. */
import { Queue } from '../engine/queue.ts';
import { messageOf } from './ask.ts';
import { forgetCosts, showCost } from './cost.ts';
import { DeviceSide, Stopped } from './device-side.ts';
import { byId } from './dom.ts';
import { rankedRow } from './films.ts';
import { megabytes } from './format.ts';
import { showFound, startSearch } from './search.ts';
import { ServerSide } from './server-side.ts';
import type { Film, Side, UserList } from './side.ts';
import { fetchTitles, type Pending, rememberTitle, seenIds, showTimeline } from './timeline.ts';
import { newcomer, remember, visitor } from './visitor.ts';

const server = new ServerSide();
const device = new DeviceSide(showProgress);
const queue = new Queue();
/** Clicks without an answer, oldest first. */
const pending: Pending[] = [];

let side: Side = visitor().onDevice ? device : server;
/** Ranks in the current list. */
let ranks = new Map<string, number>();
/** After a failure, nothing is sent until the visitor tries again. */
let halted = false;

const toggle = byId('on-device');
toggle.addEventListener('click', () => switchSide(!visitor().onDevice));
byId('forget').addEventListener('click', forgetVisitor);
byId('retry').addEventListener('click', () => {
  goOn();
  enqueue(begin);
});
startSearch({ find: (...query) => side.find(...query), choose, seen: () => seenIds(side, pending) });
showSwitch();
showVisitor();
showTimeline(side, pending);
enqueue(begin);

function choose(film: Film): void {
  rememberTitle(film);
  const seen = { id: film.id, timestamp: Math.floor(Date.now() / 1000) };
  pending.push({ seen, key: crypto.randomUUID(), onDevice: visitor().onDevice });
  showHistory();
  enqueue(async () => {
    if (pending.length > 0) await step();
  });
}

/** Starts over with a side: shows its list and its history, and sends the clicks that wait. */
async function begin(): Promise<void> {
  side = visitor().onDevice ? device : server;
  showHistory();
  if (side === device) {
    showProgress(0, 0);
    await device.load();
    byId('loading').hidden = true;
  }
  do await step();
  while (pending.length > 0);
  await side.history();
  await fetchTitles(side);
  showHistory();
}

/** Sends one request: the oldest click without an answer, or else a request for the current list. */
async function step(): Promise<void> {
  const next = pending[0];
  const start = performance.now();
  const list = await (next ? side.add(next.seen, next.key) : side.list());
  const ms = performance.now() - start;
  if (next) pending.shift();
  showList(list);
  showCost(list, ms, side);
  showHistory();
}

function enqueue(task: () => Promise<void>): void {
  queue.run(async () => {
    if (halted) return;
    byId('recommendations').ariaBusy = 'true';
    try {
      await task();
    } catch (error) {
      if (!(error instanceof Stopped)) showProblem(error);
    }
    byId('recommendations').ariaBusy = 'false';
  });
}

/** Switches sides. Earlier clicks are sent first; later ones go to the other side. */
function switchSide(onDevice: boolean): void {
  remember({ onDevice });
  goOn();
  byId('loading').hidden = true;
  if (!onDevice) {
    device.stop();
    keepHere();
  }
  showSwitch();
  enqueue(begin);
}

/** Clicks made while the model runs on this device stay on this device. */
function keepHere(): void {
  const unsent = pending.filter((click) => click.onDevice).map(({ seen }) => seen);
  remember({ own: [...visitor().own, ...unsent] });
  pending.splice(0, pending.length, ...pending.filter((click) => !click.onDevice));
}

/** Deletes the visitor on both sides, the server and this device. */
function forgetVisitor(): void {
  goOn();
  enqueue(async () => {
    pending.length = 0;
    if (visitor().log.length > 0) await server.forget();
    await device.forget();
    newcomer();
    forgetCosts();
    ranks = new Map();
    showVisitor();
    await step();
  });
  byId('search').focus();
}

function showList({ items, source }: UserList): void {
  const list = byId('recommendations');
  const buttons = [...list.querySelectorAll('button')];
  const focused = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const chance = source === 'model' ? 'Probability as the next film' : 'Share of all interactions';
  list.replaceChildren(...items.map((film) => rankedRow(film, chance, ranks, choose)));
  // Keyboard users stay at the same place in the list.
  if (focused >= 0) list.querySelectorAll('button')[Math.min(focused, items.length - 1)]?.focus();
  ranks = new Map(items.map(({ id, rank }) => [id, rank]));
}

function showHistory(): void {
  showTimeline(side, pending);
  showFound();
}

function showVisitor(): void {
  byId('visitor').textContent = visitor().user.slice(0, 8);
}

function showSwitch(): void {
  const { onDevice } = visitor();
  toggle.setAttribute('aria-checked', String(onDevice));
  byId('where').textContent = onDevice
    ? 'The same model runs in this browser. What you add and search stays here.'
    : 'The model runs in the Worker, which remembers what you add under a random id.';
}

function showProgress(loaded: number, total: number): void {
  if (!visitor().onDevice) return;
  const bar = byId<HTMLProgressElement>('progress');
  byId('loading').hidden = false;
  if (total === 0) bar.removeAttribute('value');
  else bar.value = loaded / total;
  const text = `${megabytes(loaded)} of ${megabytes(total)} MB`;
  // The last graphs (under 1 %) are fetched only when the first ones are ready.
  const starting = total === 0 || loaded > 0.99 * total;
  byId('progress-text').textContent = starting ? 'Starting…' : text;
}

function goOn(): void {
  halted = false;
  byId('problem').hidden = true;
}

function showProblem(error: unknown): void {
  halted = true;
  byId('loading').hidden = true;
  byId('problem-text').textContent = messageOf(error);
  byId('problem').hidden = false;
}
