/**
 * How a route says everything about itself: its schemas, who may use it, its place in the reference, and an
 * example that works.
 */
import { createRoute } from '@hono/zod-openapi';
import type { Scope } from '../access/principal.ts';
import type { Model } from '../models/model.ts';
import { allow } from './authentication.ts';
import { addProblem } from './problem.ts';

/** Chapters of the reference, in its order. */
export const CHAPTERS = {
  Recommendations: 'For a history that you hold: nothing is kept.',
  Users: 'For users whose history is kept here: a returning user costs only what is new.',
  Catalogue: 'The items that the model knows.',
  Operation: 'For those who run the service.',
};

export type Chapter = keyof typeof CHAPTERS;

/** What examples are made of: things that the served catalogue really has. */
export interface Sample {
  /** A user id. */
  user: string;
  /** Ids of popular items. */
  ids: [string, string, string, string, string];
  /** A category of the first of them. */
  category: string;
  /** Its title. */
  title: string;
  /** The first word of it. */
  word: string;
  /** Id of the model. */
  model: string;
}

/** A request that works with the served model. */
export interface Example {
  /** Parameters of path, query and headers by name. A list stands for a repeated parameter. */
  parameters?: Record<string, string | number | string[]>;
  body?: unknown;
}

/** What the reference needs of a route beyond its schemas. */
interface Documentation {
  /** Unique; clients made from the OpenAPI document name their methods by it. */
  operationId: string;
  tags: [Chapter];
  summary: string;
  /** What a key must be allowed to do; none for a route that is open to everyone. */
  scopes: Scope[];
  example(sample: Sample): Example;
}

/** What any route may answer: 422 and 403 for `X-Model` alone, if for nothing else. */
const ANYWHERE = ['unauthenticated', 'forbidden', 'uri_too_long', 'invalid_request'] as const;
/** What the routes of callers may answer besides. */
const WITH_A_KEY = ['rate_limited', 'overloaded'] as const;

/**
 * `createRoute` for routes that document themselves and say who may use them; otherwise a route does not
 * compile.
 * `reference/document.ts` turns `example` into the examples of parameters and bodies, and sends it to fill in
 * the answer.
 */
export function defineRoute<
  Path extends string,
  Route extends Omit<Parameters<typeof createRoute>[0], 'path'> & { path: Path } & Documentation,
>(route: Route) {
  const { scopes, middleware = [] } = route;
  const responses = { ...route.responses };
  for (const code of ANYWHERE) addProblem(responses, code);
  if (scopes.length > 0) for (const code of WITH_A_KEY) addProblem(responses, code);
  return createRoute<Path, Route>({
    ...route,
    middleware: [allow(scopes), middleware].flat(),
    security: scopes.length > 0 ? SECURITY_SCHEMES.map((scheme) => ({ [scheme]: scopes })) : [],
    responses,
  });
}

/** The ways to send credentials; `reference/document.ts` describes them. */
export const SECURITY_SCHEMES = ['key', 'userToken'] as const;

/** A sample of what the model and its catalogue have. */
export async function sampleOf({ manifest, catalogue }: Model): Promise<Sample> {
  const all = new Uint8Array(catalogue.size).fill(1);
  const popular = catalogue.mostPopular(all, 5).map(({ item }) => item);
  const itemAt = await catalogue.read(popular);
  const ids = Array.from({ length: 5 }, (_, place) => itemAt(popular[place % popular.length]).id);
  const { title, categories } = itemAt(popular[0]);
  return {
    user: 'ada',
    ids: ids as Sample['ids'],
    category: categories[0] ?? '',
    title,
    word: title.split(' ')[0],
    model: manifest.id,
  };
}
