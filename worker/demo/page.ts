/** The demo page: search, click, and see what each list cost. One thing at a time goes to the model. */
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
/** Clicked and not yet answered, in the order of the clicks. */
const pending: Pending[] = [];

let side: Side = visitor().onDevice ? device : server;
/** Ranks of the list on show. */
let ranks = new Map<string, number>();
/** After a failure nothing goes on before the visitor says so. */
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

/** A side takes over, or another attempt: the list, clicks that wait, and the history as that side knows it. */
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

/** One request: the oldest click that has no answer, or the list as it is. */
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

/** Requests that were clicked before go out before; what comes next runs on the other side. */
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

/** Clicks that the model on this device has not answered belong to this device all the same. */
function keepHere(): void {
  const unsent = pending.filter((click) => click.onDevice).map(({ seen }) => seen);
  remember({ own: [...visitor().own, ...unsent] });
  pending.splice(0, pending.length, ...pending.filter((click) => !click.onDevice));
}

/** On both sides: what the server knows, and what is here. */
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
  // Whoever works down the list by keyboard stays at the same place.
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
  // The last graphs, less than a hundredth, are asked for once the first ones are ready.
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
