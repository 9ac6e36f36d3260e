/** A client of the service for imports, which repeats every request until it is answered. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Interaction } from '../../worker/http/schemas/users.ts';
import { authorization } from '../api-key.ts';
import { DataError } from '../data/errors.ts';

/**
 * How long to repeat one request: far less than the day for which the service remembers an idempotency key.
 */
const PATIENCE_MS = 10 * 60 * 1000;
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [250, 15_000];
/** After this time without an answer, which takes milliseconds, a connection counts as broken. */
const SILENCE_MS = 60_000;

const described = z.object({ length: z.int() });
const appended = z.object({ length: z.int(), unknown_items: z.array(z.string()).nullable() });
const page = z.object({
  items: z.array(z.object({ id: z.string(), timestamp: z.number().optional(), type: z.string().optional() })),
  next_cursor: z.string().nullable(),
});

export type Appended = z.infer<typeof appended>;

/** What waiting needs; tests replace it. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number): Promise<unknown>;
}

const realClock: Clock = { now: Date.now, sleep };

export class Service {
  readonly url: string;
  /** Requests that were sent again. */
  retries = 0;
  readonly #clock: Clock;

  /** @throws {DataError} unless `url` is an HTTP URL */
  constructor(url: string, clock = realClock) {
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
      throw new DataError(`--url: expected something like https://example.com, found ${url}`);
    }
    this.url = url.replace(/\/+$/, '');
    this.#clock = clock;
  }

  /** Interactions in the user's log. */
  async lengthOf(user: string): Promise<number> {
    return (await this.ask(described, userPath(user))).length;
  }

  /** The user's whole log, oldest first. */
  async logOf(user: string): Promise<Interaction[]> {
    const newestFirst: Interaction[] = [];
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ limit: '1000', ...(cursor !== null && { cursor }) });
      const { items, next_cursor } = await this.ask(page, `${userPath(user)}/interactions?${query}`);
      newestFirst.push(...items);
      cursor = next_cursor;
    } while (cursor !== null);
    return newestFirst.reverse();
  }

  /**
   * Appends interactions, as many as one request may have. Repeated with the same key within a day, it adds
   * nothing.
   */
  append(user: string, items: Interaction[], key: string): Promise<Appended> {
    return this.ask(appended, `${userPath(user)}/interactions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
      body: JSON.stringify({ items }),
    });
  }

  /**
   * Sends a request until it is answered. Broken connections, 429 and 5xx are sent again, after the time that
   * the answer asks for or else after pauses that double; every request here is safe to repeat.
   * @throws {DataError} for other answers, and when patience ends
   */
  /** The answer to a request, which is repeated until there is one. @throws {DataError} when it is refused */
  async ask<T extends z.ZodType>(schema: T, path: string, init?: RequestInit): Promise<z.output<T>> {
    const deadline = this.#clock.now() + PATIENCE_MS;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const answer = await this.#send(path, init);
      if (answer.ok) return this.#parse(schema, answer.text);
      if (!answer.again) throw new DataError(`${this.url}${path}: ${answer.reason}`);
      const wait = answer.wait ?? pause * (0.5 + Math.random() / 2);
      // Also when the machine slept for days: the service may have forgotten the key by then.
      if (this.#clock.now() + wait > deadline) {
        throw new DataError(
          `${this.url}${path}: ${answer.reason}, and so for ${PATIENCE_MS / 60_000} minutes`,
        );
      }
      this.retries++;
      await this.#clock.sleep(wait);
      if (this.#clock.now() > deadline) throw new DataError(`${this.url}${path}: ${answer.reason}`);
    }
  }

  async #send(path: string, init?: RequestInit): Promise<Answer> {
    try {
      const signal = AbortSignal.timeout(SILENCE_MS);
      const headers = { ...init?.headers, ...authorization() };
      const response = await fetch(`${this.url}${path}`, { ...init, headers, signal, redirect: 'manual' });
      const text = await response.text();
      if (response.ok) return { ok: true, text };
      const again = response.status === 429 || response.status >= 500;
      return { ok: false, again, reason: reasonOf(response, text), wait: this.#retryAfter(response) };
    } catch (error) {
      const { message, cause } = error as Error;
      const reason =
        cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : message;
      return { ok: false, again: true, reason: reason ?? message };
    }
  }

  /** `Retry-After` in milliseconds: it holds seconds or a date (RFC 9110, 10.2.3). */
  #retryAfter({ headers }: Response): number | undefined {
    const value = headers.get('Retry-After');
    if (value === null) return undefined;
    const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - this.#clock.now();
    return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
  }

  #parse<T extends z.ZodType>(schema: T, text: string): z.output<T> {
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      throw new DataError(`--url: what answers at ${this.url} is not this service`);
    }
  }
}

/** `wait`: milliseconds after which the answer asks to try again. */
type Answer = { ok: true; text: string } | { ok: false; again: boolean; reason: string; wait?: number };

const userPath = (user: string) => `/v1/users/${encodeURIComponent(user)}`;

function reasonOf({ status, statusText }: Response, text: string): string {
  try {
    const { code, detail, request_id } = JSON.parse(text);
    return `${status} ${code}: ${detail} (request ${request_id})`;
  } catch {
    return `${status} ${statusText}`;
  }
}
