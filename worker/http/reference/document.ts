/**
 * The OpenAPI document: the routes' own schemas, and their examples with the answers that the service gives.
 */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { ALGORITHM } from '../../access/tokens.ts';
import { MODEL_NAMES } from '../../models/rollout.ts';
import { CHAPTERS, type Example, type Sample, type SECURITY_SCHEMES } from '../define-route.ts';
import { MODEL_HEADER } from '../model-header.ts';
import { exampleRequest } from './curl.ts';
import { type Document, operationsOf, type RegisteredOperation } from './operations.ts';

/** Sends an example's request and returns its answer. */
export type Send = (target: string, init: RequestInit) => Promise<Response>;

const INFO = {
  title: 'earn-edge',
  version: '1',
  summary: 'Generative recommendations at the edge',
  description:
    'JSON in, JSON out. Errors are problem details (RFC 9457) with a stable `code`, and a `request_id` that the logs carry. Every answer has its id in `X-Request-Id`, and what its stages took in `Server-Timing`.',
  license: { name: 'MIT', identifier: 'MIT' },
};

const MODEL_PARAMETER = {
  name: MODEL_HEADER,
  in: 'header' as const,
  description:
    'Which model answers, where a second one is being rolled out. Without it, a share of the users gets the candidate.',
  schema: { type: 'string' as const, enum: [...MODEL_NAMES] },
};

const SECURITY = {
  key: {
    type: 'http',
    scheme: 'bearer',
    description: 'A key of `npm run keys`, for servers. Each operation names the scopes that it takes.',
  },
  userToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: `A short-lived token for a browser, signed by the shop’s server (${ALGORITHM}): \`sub\` is its one user.`,
  },
} as const satisfies Record<(typeof SECURITY_SCHEMES)[number], object>;

/**
 * The document of the app's routes. The examples' requests are made of the sample, their answers come from
 * `send`.
 */
export async function openApiDocument(
  app: Pick<OpenAPIHono, 'getOpenAPI31Document'>,
  sample: Sample,
  send: Send,
): Promise<Document> {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: INFO,
    servers: [{ url: '/' }],
    tags: Object.entries(CHAPTERS).map(([name, description]) => ({ name, description })),
  });
  const parameters = { Model: MODEL_PARAMETER };
  document.components = { ...document.components, parameters, securitySchemes: SECURITY };
  for (const { method, path, operation } of operationsOf(document)) {
    addRequestExample(operation, sample, document.components.schemas);
    await addAnswer(method, path, operation, send);
  }
  return document;
}

/** `defineRoute` makes sure that every route has its `example`; here it becomes what OpenAPI knows. */
function addRequestExample(
  operation: RegisteredOperation,
  sample: Sample,
  schemas: Record<string, unknown> = {},
): void {
  const { example } = operation as unknown as { example?(sample: Sample): Example };
  const { parameters = {}, body } = example!(sample);
  delete (operation as { example?: unknown }).example;
  delete (operation as { scopes?: unknown }).scopes;
  operation.parameters ??= [];
  for (const parameter of operation.parameters) {
    if ('name' in parameter && parameter.name in parameters) parameter.example = parameters[parameter.name];
  }
  const { responses = {}, requestBody: request } = operation;
  if ('503' in responses) operation.parameters.push({ $ref: '#/components/parameters/Model' });
  if (request && 'content' in request) {
    setExample(request.content, body);
    request.required = needsBody(request.content['application/json']?.schema, schemas);
  }
}

/** Without a body a request says what `{}` says. */
function needsBody(schema: object = {}, schemas: Record<string, unknown>): boolean {
  const name = '$ref' in schema ? String(schema.$ref).split('/').at(-1)! : undefined;
  const { required = [] } = (name ? schemas[name] : schema) as { required?: string[] };
  return required.length > 0;
}

/** Without a model there is no answer to show, and the document does without. */
async function addAnswer(
  method: string,
  path: string,
  operation: RegisteredOperation,
  send: Send,
): Promise<void> {
  const { target, headers, body } = exampleRequest(path, operation);
  const response = await send(target, { method: method.toUpperCase(), headers, body });
  const { content } = operation.responses?.[response.status] ?? {};
  if (!response.ok || !content) return;
  const isJson = response.headers.get('Content-Type')?.startsWith('application/json');
  setExample(content, isJson ? await response.json() : await response.text());
}

function setExample(content: Record<string, { example?: unknown }> = {}, example: unknown): void {
  for (const media of Object.values(content)) media.example = example;
}
