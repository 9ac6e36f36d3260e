/**
 * A hostile tenant, in a process of its own so that its work is not the service's: bodies that never end, the
 * largest batches, long histories, huge logs, explanations, bodies that are wrong all over, from many
 * connections at once. Attacks and rests as it is told. `node hostile.ts URL KEY MODEL`
 */
import { connect } from 'node:net';
import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { itemIdsOf } from '../bench/models.ts';
import { NETWORK_MS } from './overload.ts';

const SOCKETS = 100;

const [url, key, model] = process.argv.slice(2);
// On a machine that has no core left for it, it would slow down what it attacks by being there.
setPriority(constants.priority.PRIORITY_LOW);

const ids = itemIdsOf(model);
const history = Array.from({ length: 2000 }, (_, index) => ids[index % ids.length]);
const single = JSON.stringify({ history, k: 100 });
const explained = JSON.stringify({ history, k: 100, explain: true });
const batch = JSON.stringify({ requests: Array.from({ length: 32 }, () => ({ history, k: 100 })) });
const wrong = JSON.stringify({ history: new Array(10_000).fill({ id: '' }) });
/** What a log of 20,000 events grows by each time: its context window moves on at every second one. */
const added = JSON.stringify({ items: history.slice(0, 300).map((id) => ({ id })), k: 100 });
const thousand = JSON.stringify({ items: history.slice(0, 1000).map((id) => ({ id })) });
const huge = '/v1/users/huge';
let stop = new AbortController();

const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };

async function ask(path: string, body?: string, signal?: AbortSignal): Promise<void> {
  const init = { method: body === undefined ? 'GET' : 'POST', headers, body, signal };
  await fetch(new URL(path, url), init)
    .then((response) => response.arrayBuffer())
    .catch(() => {});
}

async function attack(signal: AbortSignal): Promise<void> {
  const attacker = async (path: string, body?: string) => {
    while (!signal.aborted) {
      await ask(path, body, signal);
      await sleep(NETWORK_MS);
    }
  };
  for (let socket = 0; socket < SOCKETS; socket++) openBody(signal);
  await Promise.all([
    ...Array.from({ length: 4 }, () => attacker('/v1/recommendations:batch', batch)),
    ...Array.from({ length: 12 }, () => attacker('/v1/recommendations', single)),
    ...Array.from({ length: 4 }, () => attacker('/v1/recommendations', explained)),
    ...Array.from({ length: 2 }, () => attacker('/v1/recommendations', wrong)),
    ...Array.from({ length: 2 }, () => attacker(`${huge}/recommendations`, added)),
    attacker(`${huge}/interactions?limit=1000`),
  ]);
}

/** Sends one byte of a body, and then nothing; and again, once the service has had enough of it. */
function openBody(signal: AbortSignal): void {
  if (signal.aborted) return;
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), signal });
  socket.on('error', () => {});
  socket.on('close', () => openBody(signal));
  socket.write(
    `POST /v1/recommendations HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${key}\r\n` +
      'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
  );
}

for (let events = 0; events < 20_000; events += 1000) await ask(`${huge}/interactions`, thousand);
process.send!('ready');
process.on('message', (what) => {
  stop.abort();
  if (what !== 'attack') return;
  stop = new AbortController();
  void attack(stop.signal);
});
