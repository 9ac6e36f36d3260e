/**
 * Two models side by side, as `npm start -- --candidate` serves them: asked for by name, and by a share of
 * the users.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildModel, writeModel } from '../../scripts/build/build-model.ts';
import { type Server, startServer } from '../../scripts/local-service.ts';
import { tinyCheckpoint } from '../fixtures/tiny-model.ts';

const built = buildModel(tinyCheckpoint(), 'tiny', 'int8');
const CANDIDATE = built.manifest.id;

let folder: string;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earn-edge-candidate-'));
  writeModel(built, folder);
  server = await startServer({ candidate: folder, share: 50 });
});

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}${path}`, { headers });
  expect(response.status, path).toBe(200);
  return response.json();
}

test('both are healthy, each under its name', async () => {
  const current = await ask('/healthz');
  expect(current.model.name).toBe('ml-1m');
  expect(await ask('/healthz', { 'X-Model': 'current' })).toEqual(current);
  expect((await ask('/healthz', { 'X-Model': 'candidate' })).model).toMatchObject({
    id: CANDIDATE,
    name: 'tiny',
  });
});

test('about half of the users get the candidate, each the same model every time', async () => {
  const models = new Map<string, number>();
  for (let user = 0; user < 40; user++) {
    const { model } = await ask(`/v1/users/user-${user}/recommendations?k=1`);
    expect((await ask(`/v1/users/user-${user}/recommendations?k=2`)).model).toEqual(model);
    models.set(model.id, (models.get(model.id) ?? 0) + 1);
  }
  expect(models.size).toBe(2);
  // The hash of these forty ids is what it is: no chance is left.
  expect(models.get(CANDIDATE)).toBeGreaterThan(10);
  expect(models.get(CANDIDATE)).toBeLessThan(30);
});

test('the isolate’s counters show two loads and both models’ lists', async () => {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  for (const model of ['current', 'candidate']) {
    expect(metrics).toContain(`earn_model_loads_total{model="${model}",outcome="loaded"} 1\n`);
  }
  expect(metrics).toMatch(
    new RegExp(`earn_lists_total\\{cache="miss",source="popular",model="${CANDIDATE}"\\} \\d+\n`),
  );
});

test('every request is one line of JSON in what the server prints', () => {
  const lines = server.output().match(/^\{"level":"info","event":"request".*\}$/gm) ?? [];
  const lists = lines.map((line) => JSON.parse(line)).filter(({ cache }) => cache === 'miss');
  expect(lists).toHaveLength(80);
  for (const list of lists) {
    expect(list).toMatchObject({ method: 'GET', route: '/v1/users/:user_id/recommendations', status: 200 });
  }
  expect(lines.join()).not.toContain('user-');
});
