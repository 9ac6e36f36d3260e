import { expect } from 'vitest';
import { createApp } from '../../worker/app.ts';
import { ModelHost } from '../../worker/model-host.ts';
import { FakeModel } from './fake-model.ts';

/** The service around twelve films. */
export function fakeService() {
  const model = new FakeModel();
  return { model, app: createApp(new ModelHost(async () => model)) };
}

export type App = ReturnType<typeof createApp>;

/** POSTs JSON; a string goes as it is. */
export function post(app: Pick<App, 'request'>, body: unknown, path = '/v1/recommendations') {
  return app.request(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

// biome-ignore lint/suspicious/noExplicitAny: tests compare whatever came.
export type Json = any;

/** The body of an answer that must be a problem with this status and code. */
export async function problemOf(response: Response, status: number, code: string): Promise<Json> {
  const body: Json = await response.json();
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(body).toMatchObject({ type: `/problems/${code}`, status, code });
  expect(response.status).toBe(status);
  expect(body.title).not.toBe('');
  expect(body.request_id).toBe(response.headers.get('X-Request-Id'));
  return body;
}
