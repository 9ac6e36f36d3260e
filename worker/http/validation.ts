/** What is wrong with a request, as problems. */
import type { z } from '@hono/zod-openapi';
import { createMiddleware } from 'hono/factory';
import type { Model } from '../models/model.ts';
import { type FilterValues, unknownEntries } from '../recommend/filters/index.ts';
import { isAvailable, leadsTo, type RankerName, rankersOf } from '../recommend/rankers/index.ts';
import { keepBody } from './bodies.ts';
import { type FieldError, invalidRequest, Problem } from './problem.ts';
import { MOST_ERRORS } from './schemas/bounded-list.ts';

/** JSON is UTF-8 (RFC 8259, section 8.1). A lenient decoder would turn damaged ids into other ids. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
const utf8Body = createMiddleware(async (c, next) => {
  try {
    keepBody(c, { text: utf8.decode(await c.req.arrayBuffer()) });
  } catch {
    throw new Problem('malformed_json', { detail: 'The body is not UTF-8' });
  }
  await next();
});

/** Middleware of every route that takes a JSON body. */
export const jsonBody = [utf8Body];

/** What can be wrong with such a body. */
export const JSON_BODY_PROBLEMS = [
  'malformed_json',
  'body_timeout',
  'body_too_large',
  'unsupported_media_type',
  'invalid_request',
] as const;

type Result = { target: string; success: boolean; error?: z.ZodError };

/** Hook of every validated route. @throws {Problem} `invalid_request` unless the validation succeeded */
export function rejectInvalid({ target, error }: Result): void {
  if (error) throw invalid(error, target);
}

/** A part of a body. `place` leads to it. @throws {Problem} `invalid_request` */
export function validated<T extends z.ZodType>(schema: T, part: unknown, place: (string | number)[]) {
  const { data, error } = schema.safeParse(part);
  if (error) throw invalid(error, 'json', place);
  return data as z.output<T>;
}

function invalid({ issues }: z.ZodError, target: string, place: PropertyKey[] = []): Problem {
  const errors = issues
    .slice(0, MOST_ERRORS)
    .flatMap((issue) => fieldErrors({ ...issue, path: [...place, ...issue.path] }, target));
  return invalidRequest(errors.slice(0, MOST_ERRORS));
}

/**
 * `place` leads to the query's fields.
 * @throws {Problem} `invalid_request` for what the model does not have, such as categories and rankers
 */
export function rejectUnknown(
  model: Model,
  query: FilterValues & { ranker?: RankerName; target?: string },
  place: string,
): void {
  const errors: FieldError[] = unknownEntries(query, model.catalogue).map(({ field, index, message }) => ({
    path: index === undefined ? `${place}/${field}` : `${place}/${field}/${index}`,
    message,
  }));
  if (query.ranker && !isAvailable(query.ranker, model)) {
    const message = `This model has no such ranker, it has ${rankersOf(model).join(', ')}`;
    errors.push({ path: `${place}/ranker`, message });
  }
  const message = query.target === undefined ? undefined : wrongTarget(model, query.target, query.ranker);
  if (message !== undefined) errors.push({ path: `${place}/target`, message });
  if (errors.length > 0) throw invalidRequest(errors.slice(0, MOST_ERRORS));
}

/** Why no list can lead to such events, if none can. */
function wrongTarget(model: Model, target: string, ranker: RankerName | undefined): string | undefined {
  const possible = model.events?.possibleTargets ?? [];
  if (possible.length === 0) return 'This model knows no types of events that a list could lead to';
  if (!possible.includes(target)) return `Lists of this model can lead to ${possible.join(', ')}`;
  if (ranker === undefined || leadsTo(ranker, model, target)) return undefined;
  return `The ranker ${ranker} leads to no other type than ${model.events!.meaning.target}`;
}

function fieldErrors(issue: z.core.$ZodIssue, target: string): FieldError[] {
  if (issue.code !== 'unrecognized_keys') {
    return [{ path: pathOf(target, issue.path), message: issue.message }];
  }
  return issue.keys.slice(0, MOST_ERRORS).map((key) => ({
    path: pathOf(target, [...issue.path, key]),
    message: 'Unknown field',
  }));
}

/** A JSON pointer (RFC 6901) into the body; elsewhere the place's name comes first. */
function pathOf(target: string, keys: PropertyKey[]): string {
  const pointer = keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return target === 'json' ? pointer : `${target}${pointer}`;
}
