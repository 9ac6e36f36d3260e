/** The OpenAPI document: the routes' own schemas, and what the reference adds to them. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { MODEL_HEADER, MODEL_NAMES } from '../../models/rollout.ts';
import { CHAPTERS, OPERATIONS } from './operations.ts';

export type Document = ReturnType<OpenAPIHono['getOpenAPI31Document']>;
export type RegisteredOperation = NonNullable<NonNullable<Document['paths']>[string]['get']>;

/** In the order of the page: what adds comes before what reads, and what deletes last. */
const METHODS = ['post', 'get', 'put', 'patch', 'delete'] as const;

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

/** Throws an Error for an operation that the reference does not know: every one has an id and an example. */
export function openApiDocument(app: Pick<OpenAPIHono, 'getOpenAPI31Document'>): Document {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: INFO,
    servers: [{ url: '/' }],
    tags: Object.entries(CHAPTERS).map(([name, description]) => ({ name, description })),
  });
  document.components = { ...document.components, parameters: { Model: MODEL_PARAMETER } };
  for (const { method, path, operation } of operationsOf(document)) {
    complete(operation, `${method.toUpperCase()} ${path}`);
  }
  return document;
}

export function operationsOf(document: Document) {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation ? [{ method, path, operation }] : [];
    }),
  );
}

function complete(operation: RegisteredOperation, name: string): void {
  const notes = OPERATIONS[name];
  if (!notes) throw new Error(`the reference does not know ${name}`);
  const { parameters = {}, body, answer } = notes.example;
  operation.operationId = notes.id;
  operation.tags = [notes.chapter];
  operation.parameters ??= [];
  for (const parameter of operation.parameters) {
    if ('name' in parameter && parameter.name in parameters) parameter.example = parameters[parameter.name];
  }
  const { responses = {}, requestBody: request } = operation;
  if ('503' in responses) operation.parameters.push({ $ref: '#/components/parameters/Model' });
  if (request && 'content' in request) setExample(request.content, body);
  const success = Object.keys(responses).find((status) => status.startsWith('2'));
  setExample(responses[success!].content, answer);
}

function setExample(content: Record<string, { example?: unknown }> = {}, example: unknown): void {
  for (const media of Object.values(content)) media.example = example;
}
