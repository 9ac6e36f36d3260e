/** The interface's description, held against the OpenAPI schema and against what the service does. */
import { exports } from 'cloudflare:workers';
import { registerSchema, validate } from '@hyperjump/json-schema/openapi-3-1';
import { beforeAll, expect, test } from 'vitest';
import { PROBLEMS } from '../../worker/http/problem.ts';
import { curlOf, exampleRequest } from '../../worker/http/reference/curl.ts';
import { type Document, operationsOf } from '../../worker/http/reference/operations.ts';
import type { Json } from './helpers.ts';

const ORIGIN = 'https://earn-edge.example';
const DOCUMENT = `${ORIGIN}/openapi.json`;
const DIALECT = 'https://spec.openapis.org/oas/3.1/dialect/base';

let document: Document;

beforeAll(async () => {
  document = await (await exports.default.fetch(DOCUMENT)).json();
});

let schemas = 0;

/** Throws unless the schema, which may refer to the document's components, takes the value. */
async function expectValid(value: Json, schema: Json): Promise<void> {
  const id = `${ORIGIN}/schemas/${schemas++}`;
  registerSchema({ ...schema, components: document.components }, id, DIALECT);
  const output = await validate(id, value, 'BASIC');
  expect(output.valid ? [] : output.errors).toEqual([]);
}

test('it is OpenAPI 3.1', async () => {
  const output = await validate('https://spec.openapis.org/oas/3.1/schema-base', document as Json, 'BASIC');
  expect(output.valid ? [] : output.errors).toEqual([]);
});

test('every route is in it', () => {
  expect(Object.keys(document.paths!).toSorted()).toEqual([
    '/healthz',
    '/metrics',
    '/v1/categories',
    '/v1/changes',
    '/v1/events',
    '/v1/export',
    '/v1/items',
    '/v1/items/{id}',
    '/v1/items/{id}/next',
    '/v1/items/{id}/similar',
    '/v1/items:batch',
    '/v1/outcomes',
    '/v1/ready',
    '/v1/recommendations',
    '/v1/recommendations:batch',
    '/v1/rules',
    '/v1/rules/{name}',
    '/v1/users/{user_id}',
    '/v1/users/{user_id}/interactions',
    '/v1/users/{user_id}/interactions/{position}',
    '/v1/users/{user_id}/merge',
    '/v1/users/{user_id}/recommendations',
  ]);
});

test('every operation has a name of its own, a chapter and a summary, and its parameters fit a URL', () => {
  const operations = operationsOf(document).map(({ operation }) => operation);
  const chapters = document.tags!.map(({ name }) => name);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const { operationId, summary, tags, parameters = [] } of operations as Json[]) {
    expect(operationId).toMatch(/^[a-z][A-Za-z]+$/);
    expect(summary, operationId).toBeTruthy();
    expect(chapters).toContain(tags[0]);
    // No null: a URL can't say it.
    for (const { schema } of parameters.filter(({ schema }: Json) => schema)) {
      expect(['string', 'integer', 'number', 'array']).toContain(schema.type);
    }
  }
});

test('every example is sent, and its answer is one that the document describes, as is the example’s', async () => {
  for (const { method, path, operation } of operationsOf(document)) {
    const { target, headers, body } = exampleRequest(path, operation);
    const { requestBody } = operation as Json;
    expect(target).not.toContain('{');
    if (requestBody) {
      const { example, schema } = requestBody.content['application/json'];
      await expectValid(example, schema);
    }
    const response = await exports.default.fetch(ORIGIN + target, { method, headers, body });
    // This deployment has no archive, and positions can't be guessed.
    if (path === '/v1/export' || path.endsWith('{position}')) {
      expect(response.status).toBe(404);
      continue;
    }
    expect(response.ok, `${method} ${target}`).toBe(true);
    const { content } = (operation.responses as Json)[response.status];
    if (!content) {
      expect(await response.text()).toBe('');
      continue;
    }
    const [type] = response.headers.get('Content-Type')!.split(';');
    const answer: Json = type === 'application/json' ? await response.json() : await response.text();
    const { example, schema } = content[type];
    expect(example, `${method} ${path}`).toBeDefined();
    await expectValid(answer, schema);
    await expectValid(example, schema);
    if (type === 'application/json') expect(Object.keys(example)).toEqual(Object.keys(answer));
    // Lists also follow what other tests' users did in the last minutes; what the catalogue answers does not.
    if (path === '/v1/recommendations') expect(answer.model).toEqual(example.model);
    if (/^\/v1\/items(\/{item_id})?$/.test(path)) expect(answer).toEqual(example);
  }
});

test('every problem that it names has an example that fits', async () => {
  for (const { operation } of operationsOf(document)) {
    for (const [status, { content = {} }] of Object.entries<Json>(operation.responses!)) {
      if (status.startsWith('2')) continue;
      const { examples, schema } = content['application/problem+json'];
      for (const [code, { value }] of Object.entries<Json>(examples)) {
        expect(value).toMatchObject({ code, status: Number(status) });
        expect(PROBLEMS).toHaveProperty(code);
        await expectValid(value, schema);
      }
    }
  }
});

test('the page has every operation, and no script but its own', async () => {
  const html = await (await exports.default.fetch(`${ORIGIN}/docs`)).text();
  for (const { operation } of operationsOf(document)) {
    expect(html).toContain(`<h3 id="${operation.operationId}">`);
  }
  expect(html).not.toMatch(/<script(?! src="\/docs\.js")|<style|\son\w+=|\sstyle=/);
});

test('a command names its method where curl would take another', () => {
  for (const { method, path, operation } of operationsOf(document)) {
    const command = curlOf(ORIGIN, method, path, operation);
    const taken = command.includes(' -d ') ? 'post' : 'get';
    const named = /^curl -s -X (\w+) /.exec(command)?.[1].toLowerCase();
    expect(named ?? taken, command).toBe(method);
  }
});

test('it says how many lists a batch may ask for', () => {
  const { requests } = (document as Json).components.schemas.BatchQuery.properties;
  expect(requests).toMatchObject({ type: 'array', minItems: 1, maxItems: 32 });
});
