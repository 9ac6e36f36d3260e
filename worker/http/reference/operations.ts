/** The OpenAPI document as a list of operations. */
import type { OpenAPIHono } from '@hono/zod-openapi';

export type Document = ReturnType<OpenAPIHono['getOpenAPI31Document']>;
export type RegisteredOperation = NonNullable<NonNullable<Document['paths']>[string]['get']>;

/** In the order of the page: what adds comes before what reads, and what deletes comes last. */
const METHODS = ['post', 'get', 'put', 'patch', 'delete'] as const;

/** All operations, path by path. */
export function operationsOf(document: Document) {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation ? [{ method, path, operation }] : [];
    }),
  );
}
