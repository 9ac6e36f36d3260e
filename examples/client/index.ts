/**
 * Typed client of an earn-edge service: its paths, queries and answers are those of the service's OpenAPI
 * document.
 */
import createClient, { type ClientOptions, type FetchResponse, type MaybeOptionalInit } from 'openapi-fetch';
import type { HttpMethod, MediaType, PathsWithMethod } from 'openapi-typescript-helpers';
import type { components, paths } from './schema.js';

type Schemas = components['schemas'];

/** What to recommend: the body of `POST /v1/recommendations`. */
export type RecommendationQuery = Schemas['RecommendationQuery'];
/** The answer to it. */
export type Recommendations = Schemas['Recommendations'];
/** What the service answers instead when something is wrong: `code` is stable, `errors` names the fields. */
export type Problem = Schemas['Problem'];

type Init<Path, Method extends keyof Path> =
  undefined extends MaybeOptionalInit<Path, Method>
    ? [init?: MaybeOptionalInit<Path, Method>]
    : [init: MaybeOptionalInit<Path, Method>];

type Answer<Path, Method extends HttpMethod> =
  Path extends Record<Method, infer Operation extends object>
    ? FetchResponse<Operation, object, MediaType>
    : never;

/** openapi-fetch's method, but the compiler also refuses fields that the service does not know. */
type Ask<Method extends HttpMethod> = <Path extends PathsWithMethod<paths, Method>>(
  path: Path,
  ...init: Init<paths[Path], Method & keyof paths[Path]>
) => Promise<Answer<paths[Path], Method>>;

export interface EarnEdge {
  GET: Ask<'get'>;
  POST: Ask<'post'>;
  DELETE: Ask<'delete'>;
}

/**
 * @param baseUrl where the service is
 * @param options of every request: `headers`, `signal`, or a `fetch` of your own such as that of a service
 * binding
 * @example
 * const earn = earnEdge('http://127.0.0.1:8787');
 * const { data, error } = await earn.POST('/v1/recommendations', { body: { history: ['1', '1196'], k: 3 } });
 */
export function earnEdge(baseUrl: string, options: Omit<ClientOptions, 'baseUrl'> = {}): EarnEdge {
  // The same methods with narrower types, which the compiler can't compare while the path is open.
  return createClient<paths>({ ...options, baseUrl }) as unknown as EarnEdge;
}
