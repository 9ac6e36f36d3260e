/**
 * `npm run bench:load`: measures the latency and throughput of one process under `wrangler dev`, up to more
 * clients than it can serve. Each client plays one user at a time; nine users in ten are returning ones. It
 * sends its next request when it has an answer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { defineCommand, runCommand } from '../command.ts';
import { startServer } from '../local-service.ts';
import { randomInts, seededRandom } from '../random.ts';
import { itemIdsOf } from './models.ts';
import { percentile, round } from './statistics.ts';

/** The last is past saturation. */
const CLIENTS = [1, 8, 64, 256];
const SEED = 1;
/**
 * Returning users, divided among the clients. Their number is the same at each level, so that their objects
 * are asleep equally often.
 */
const USERS = 512;
/** The share of visits by returning users. */
const RETURNING = 0.9;
/** Most items in a user's log before the first measured visit, about as in MovieLens. */
const LONGEST_HISTORY = 150;
const MOST_ADDED = 3;

/**
 * `append` adds interactions; `returning` and `new` ask for lists of users with and without a state. `icon`
 * is a static file, requested alone before the rest: the cost of `wrangler dev` itself.
 */
const KINDS = ['icon', 'append', 'returning', 'new'] as const;
type Kind = (typeof KINDS)[number];

interface Sample {
  kind: Kind;
  ms: number;
  /** Milliseconds from the start of the level to the answer. */
  at: number;
  /** Whether the answer was 503 with `Retry-After`. */
  refused: boolean;
}

/** A client with its own returning users. */
class Client {
  readonly samples: Sample[] = [];
  private readonly random: () => number;
  private readonly url: string;
  private readonly users: string[];
  private readonly ids: string[];
  private newcomers = 0;

  constructor(url: string, users: string[], seed: number, ids: string[]) {
    this.url = url;
    this.users = users;
    this.ids = ids;
    this.random = seededRandom(seed);
  }

  /** Gives the returning users histories and states. */
  async prepare(): Promise<void> {
    for (const user of this.users) {
      const [length] = randomInts(this.random, 1, LONGEST_HISTORY);
      await this.append(user, 1 + length);
      const { status } = await this.list(user);
      if (status !== 200) throw new Error(`the first list of ${user}: ${status}`);
    }
  }

  async look(began: number, seconds: number): Promise<void> {
    while (performance.now() - began < 1000 * seconds) {
      await this.take('icon', began, () => this.answer('/icon.svg'));
    }
  }

  /** Visits until `seconds` after `began` have passed. */
  async visit(began: number, seconds: number): Promise<void> {
    while (performance.now() - began < 1000 * seconds) {
      const returns = this.random() < RETURNING;
      const [one] = randomInts(this.random, 1, this.users.length);
      const user = returns
        ? this.users[one]
        : `${this.users[0]}-of-${this.users.length}-new-${this.newcomers++}`;
      const [added] = randomInts(this.random, 1, MOST_ADDED);
      await this.take('append', began, () => this.append(user, 1 + added));
      await this.take(returns ? 'returning' : 'new', began, () => this.list(user));
    }
  }

  private async take(kind: Kind, began: number, send: () => Promise<Response>): Promise<void> {
    const sent = performance.now();
    const { status, headers } = await send();
    const now = performance.now();
    const refused = status === 503;
    if (status >= 400 && !refused) throw new Error(`${kind}: ${status}`);
    this.samples.push({ kind, ms: now - sent, at: now - began, refused });
    if (refused) await sleep(1000 * Number(headers.get('Retry-After')));
  }

  private append(user: string, length: number): Promise<Response> {
    const items = randomInts(this.random, length, this.ids.length).map((index) => ({ id: this.ids[index] }));
    return this.answer(`/v1/users/${user}/interactions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ items }),
    });
  }

  private list(user: string): Promise<Response> {
    return this.answer(`/v1/users/${user}/recommendations`);
  }

  private async answer(path: string, init?: RequestInit): Promise<Response> {
    const response = await fetch(this.url + path, init);
    await response.arrayBuffer();
    return response;
  }
}

/** One row of the table. Latencies are of answers that were not refused; null if there are none. */
function rowOf(clients: number, kind: Kind | 'mix', samples: Sample[], seconds: number) {
  const answered = samples.filter(({ refused }) => !refused);
  const latency = (share: number) =>
    answered.length > 0
      ? round(
          percentile(
            answered.map(({ ms }) => ms),
            share,
          ),
          1,
        )
      : null;
  return {
    clients,
    kind,
    requests: samples.length,
    // What was still on its way when time was up has a latency, but no part in the rate.
    per_second: round(answered.filter(({ at }) => at < 1000 * seconds).length / seconds, 1),
    p50_ms: latency(0.5),
    p95_ms: latency(0.95),
    p99_ms: latency(0.99),
    refused: round((samples.length - answered.length) / samples.length, 3),
  };
}

async function measure(url: string, users: string[], count: number, seconds: number, ids: string[]) {
  const clients = Array.from({ length: count }, (_, index) => {
    const own = users.filter((_, user) => user % count === index);
    return new Client(url, own, SEED + index, ids);
  });
  for (const run of ['look', 'visit'] as const) {
    const began = performance.now();
    await Promise.all(clients.map((client) => client[run](began, seconds)));
  }
  const samples = clients.flatMap((client) => client.samples);
  const of = (kind: Kind) => samples.filter((sample) => sample.kind === kind);
  const mix = samples.filter(({ kind }) => kind !== 'icon');
  return [...KINDS.map((kind) => rowOf(count, kind, of(kind), seconds)), rowOf(count, 'mix', mix, seconds)];
}

async function measureAll(model: string, seconds: number) {
  const ids = itemIdsOf(model);
  const server = await startServer({ model });
  try {
    const users = Array.from({ length: USERS }, (_, index) => `returning-${index}`);
    await new Client(server.url, users, SEED, ids).prepare();
    const rows = [];
    for (const count of CLIENTS) {
      const measured = await measure(server.url, users, count, seconds, ids);
      new console.Console(process.stderr).table(measured);
      rows.push(...measured);
    }
    return rows;
  } finally {
    await server.stop();
  }
}

const command = defineCommand({
  usage: `npm run bench:load [-- options]

Starts the service under \`wrangler dev\` and measures what it answers to ${CLIENTS.join(', ')} clients at once.
The last line printed is a JSON object.`,
  options: {
    model: { type: 'folder', holds: 'manifest.json', default: 'model-shards', description: 'the model' },
    seconds: { type: 'integer', min: 1, default: 30, description: 'how long for each number of clients' },
  },
  async main({ model, seconds }, { command, print }) {
    print(JSON.stringify({ command, seconds, rows: await measureAll(model, seconds) }));
  },
});

if (import.meta.main) await runCommand(command);
