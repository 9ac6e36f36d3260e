import { expect, vi } from 'vitest';
import type { Interaction } from '../../worker/http/schemas/users.ts';
import type { RequestFacts } from '../../worker/observe/facts.ts';
import { FakeModel } from './fake-model.ts';
import { type App, type Json, type Surroundings, serviceOf } from './helpers.ts';

/** Someone who talks to one isolate of the service, and waits for what it does after its answers. */
export class Visitor {
  readonly model: FakeModel;
  readonly app: App;
  readonly facts: RequestFacts[];
  private later: Promise<unknown>[] = [];
  private readonly context = {
    waitUntil: (promise: Promise<unknown>) => void this.later.push(promise),
    passThroughOnException() {},
    props: {},
  } as unknown as ExecutionContext;

  constructor({ model = new FakeModel(), ...surroundings }: { model?: FakeModel } & Surroundings) {
    this.model = model;
    const { app, facts } = serviceOf(async () => model, surroundings);
    this.app = app;
    this.facts = facts;
  }

  request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const init: RequestInit = { method, headers };
    if (body !== undefined) {
      init.headers = { 'Content-Type': 'application/json', ...headers };
      init.body = JSON.stringify(body);
    }
    return Promise.resolve(this.app.request(path, init, {}, this.context));
  }

  /** Waits for the work after the answers. */
  async settled(): Promise<void> {
    while (this.later.length > 0) await this.later.shift();
  }

  /** Adds items and fails unless they are stored. */
  async append(user: string, ids: string[], headers?: Record<string, string>): Promise<Json> {
    const items: Interaction[] = ids.map((id) => ({ id }));
    return this.answer(201, 'POST', `${pathOf(user)}/interactions`, { items }, headers);
  }

  async recommend(user: string, query = ''): Promise<Json> {
    return this.answer(200, 'GET', `${pathOf(user)}/recommendations${query}`);
  }

  /** The list for the same history from someone without a memory. */
  async fromScratch(history: string[], query: object = {}): Promise<Json> {
    return this.answer(200, 'POST', '/v1/recommendations', { history, ...query });
  }

  async user(user: string): Promise<Json> {
    return this.answer(200, 'GET', pathOf(user));
  }

  /** All interactions, newest first. */
  async interactions(user: string): Promise<string[]> {
    const { items } = await this.answer(200, 'GET', `${pathOf(user)}/interactions?limit=1000`);
    return items.map(({ id }: Interaction) => id);
  }

  /** Lets the engine begin and not end, until `finish` is called. */
  holdEngine() {
    const { promise: engine, resolve: finish } = Promise.withResolvers<void>();
    const prefill = this.model.prefill.bind(this.model);
    const prefilling = vi.spyOn(this.model, 'prefill').mockImplementation(async (...args) => {
      await engine;
      return prefill(...args);
    });
    return { prefilling, finish };
  }

  async remove(user: string): Promise<void> {
    expect((await this.request('DELETE', pathOf(user))).status).toBe(204);
  }

  async answer(status: number, ...request: Parameters<Visitor['request']>): Promise<Json> {
    const response = await this.request(...request);
    const body = await response.json();
    expect(response.status, JSON.stringify(body)).toBe(status);
    return body;
  }
}

export function pathOf(user: string): string {
  return `/v1/users/${encodeURIComponent(user)}`;
}

/** The answer but for what the cache did. */
export function listOf({ cache: _, recommendation_id: __, ...list }: Json): Json {
  return list;
}
