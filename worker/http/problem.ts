/** Errors as RFC 9457 problem details (https://www.rfc-editor.org/rfc/rfc9457). */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ModelUnavailable } from '../engine/errors.ts';

/** Every way to fail. The keys are the stable `code`s that clients can rely on. */
export const PROBLEMS = {
  malformed_json: { status: 400, title: 'The body is not JSON' },
  unauthenticated: { status: 401, title: 'A key is needed' },
  forbidden: { status: 403, title: 'The key does not allow this' },
  route_unknown: { status: 404, title: 'There is nothing at this path' },
  item_unknown: { status: 404, title: 'The catalogue has no such item' },
  interaction_unknown: { status: 404, title: 'The user has no such interaction' },
  list_unknown: { status: 404, title: 'This deployment made no such list' },
  export_unavailable: { status: 404, title: 'This deployment has no outbox, so there is nothing to export' },
  file_unknown: { status: 404, title: 'The model has no such file' },
  method_not_allowed: { status: 405, title: 'The path does not take this method' },
  body_timeout: { status: 408, title: 'The body did not come in time' },
  merge_under_way: { status: 409, title: 'The user is being merged into another one' },
  user_erased: { status: 410, title: 'The user was deleted after this request was first sent' },
  body_too_large: { status: 413, title: 'The body is too large' },
  uri_too_long: { status: 414, title: 'The URL is too long' },
  unsupported_media_type: { status: 415, title: 'The body must be application/json' },
  invalid_request: { status: 422, title: 'The request does not have the right shape' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key was used for another request' },
  rate_limited: { status: 429, title: 'There were too many requests from you' },
  internal: { status: 500, title: 'Something went wrong here' },
  model_unavailable: { status: 503, title: 'The model is not available now' },
  history_unavailable: { status: 503, title: 'The history of interactions is not available now' },
  cache_unavailable: { status: 503, title: 'The cache of states is not available now' },
  catalogue_unavailable: { status: 503, title: 'The live catalogue can not be changed now' },
  outcomes_unavailable: { status: 503, title: 'What became of the lists can not be read now' },
  archive_unavailable: { status: 503, title: 'The archive of events can not be read now' },
  overloaded: { status: 503, title: 'There are too many requests at once' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** One thing that is wrong with the request, and where. */
export interface FieldError {
  /** JSON pointer into the body (`/history/3`), or `query/limit`. */
  path: string;
  message: string;
}

export interface ProblemOptions {
  detail?: string;
  errors?: FieldError[];
  /** The engine's reason; only with `model_unavailable`. */
  reason?: string;
  headers?: Record<string, string>;
  /** For the log. */
  cause?: unknown;
}

/** Thrown by routes; `app.onError` answers with it. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? PROBLEMS[code].title, { cause: options.cause });
    this.code = code;
    this.options = options;
  }
}

/** A request with these fields at fault; the first one becomes the detail. */
export function invalidRequest(errors: FieldError[]): Problem {
  const [{ path, message }] = errors;
  return new Problem('invalid_request', { detail: `${path || 'the body'}: ${message}`, errors });
}

/** The engine's failure as the service answers it. */
export function modelUnavailable({ message, reason }: ModelUnavailable): Problem {
  // What onnxruntime says is for the log: it may name files, shapes and addresses.
  const detail = reason === 'runtime_failed' ? 'The engine failed' : message;
  return new Problem('model_unavailable', { detail, reason });
}

/** What clients read of a problem. */
export function problemBody(c: Context, { code, options }: Problem): z.infer<typeof problemSchema> {
  const { status, title } = PROBLEMS[code];
  const { detail = title, errors = [], reason } = options;
  const type = `/problems/${code}`;
  return { type, title, status, detail, code, reason, errors, request_id: c.get('requestId') };
}

/** The problem as the answer to a request. A 503 says when to try again. */
export function problemResponse(c: Context, problem: Problem): Response {
  c.set('problem', problem.code);
  const { status } = PROBLEMS[problem.code];
  return c.body(JSON.stringify(problemBody(c, problem)), status, {
    ...(status === 503 && { 'Retry-After': '1' }),
    ...problem.options.headers,
    'Content-Type': 'application/problem+json',
  });
}

export const problemSchema = z
  .object({
    type: z.string().openapi({ example: '/problems/invalid_request' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    reason: z.string().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })),
    request_id: z.string(),
  })
  .openapi('Problem');

interface ProblemAnswer {
  description: string;
  content: {
    'application/problem+json': {
      schema: typeof problemSchema;
      examples: Record<string, { value: unknown }>;
    };
  };
}

/** The `responses` of a route that may answer with these problems, for the OpenAPI document. */
export function problemResponses(...codes: ProblemCode[]) {
  const responses: Record<number, ProblemAnswer> = {};
  for (const code of codes) addProblem(responses, code);
  return responses;
}

/** Says of a route that it may answer with this problem as well. */
export function addProblem(responses: Record<number | string, unknown>, code: ProblemCode): void {
  const { status, title } = PROBLEMS[code];
  const before = responses[status] as ProblemAnswer | undefined;
  const examples = before?.content['application/problem+json'].examples ?? {};
  if (code in examples) return;
  const description = [before?.description, `${title} (\`${code}\`)`].filter(Boolean).join('; ');
  const value = {
    type: `/problems/${code}`,
    title,
    status,
    detail: title,
    code,
    errors: [],
    request_id: 'r-17',
  };
  const content = {
    'application/problem+json': { schema: problemSchema, examples: { ...examples, [code]: { value } } },
  };
  responses[status] = { description, content };
}
