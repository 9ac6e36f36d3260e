/**
 * What the reference says of each operation beyond its schemas: its id, its chapter, and an example that works with the
 * embedded model. `test/service/reference.test.ts` sends every one of them.
 */

export const CHAPTERS = {
  Recommendations: 'For a history that you hold: nothing is kept.',
  Users: 'For users whose history is kept here: a returning user costs only what is new.',
  Catalogue: 'The items that the model knows.',
  Operation: 'For those who run the service.',
};

export interface Example {
  /** Parameters of path, query and headers by name. A list is a parameter that is repeated. */
  parameters?: Record<string, string | number | string[]>;
  body?: unknown;
  /** Nothing for an answer without a body. */
  answer?: unknown;
}

export interface Operation {
  id: string;
  chapter: keyof typeof CHAPTERS;
  example: Example;
}

const ada = { user_id: 'ada' };
const model = { id: 'c41e16d715e40ed5' };
const jedi = { id: '1210', title: 'Star Wars: Episode VI - Return of the Jedi (1983)' };
const phantom = { id: '2628', title: 'Star Wars: Episode I - The Phantom Menace (1999)' };
const toys = {
  id: '1',
  title: 'Toy Story (1995)',
  categories: ['Animation', "Children's", 'Comedy'],
  count: 2056,
};
const items = [
  { ...jedi, score: -3.06, rank: 1 },
  { ...phantom, score: -3.82, rank: 2 },
];
/** A list for a history of this many items, of which nothing is kept. */
const listAfter = (prefilled_items: number, ...items: unknown[]) => ({
  items,
  source: 'model',
  model,
  cache: { status: 'none', reused_items: 0, prefilled_items },
  ignored_items: [],
});
const userList = {
  items,
  source: 'model',
  model,
  cache: {
    status: 'extended',
    reused_items: 2,
    prefilled_items: 1,
    state_bytes: 2168,
    window_start: 0,
    window_moved: false,
    degraded: false,
  },
  ignored_items: [],
};

/** By method and path. */
export const OPERATIONS: Record<string, Operation> = {
  'POST /v1/recommendations': {
    id: 'recommend',
    chapter: 'Recommendations',
    example: {
      body: { history: ['1', '1196', '260'], k: 2 },
      answer: listAfter(3, ...items),
    },
  },
  'POST /v1/recommendations:batch': {
    id: 'recommendBatch',
    chapter: 'Recommendations',
    example: {
      body: {
        requests: [
          { history: ['1', '1196'], k: 1 },
          { history: ['260'], categories: ['Comedy'], k: 1 },
        ],
      },
      answer: {
        results: [
          listAfter(2, { ...jedi, score: -3.42, rank: 1 }),
          listAfter(1, { id: '356', title: 'Forrest Gump (1994)', score: -4.19, rank: 1 }),
        ],
      },
    },
  },
  'POST /v1/users/{user_id}/interactions': {
    id: 'appendInteractions',
    chapter: 'Users',
    example: {
      parameters: { ...ada, 'idempotency-key': 'order-17' },
      body: { items: [{ id: '1' }, { id: '1196', timestamp: 1764000000 }] },
      answer: { user_id: 'ada', length: 2, unknown_items: [] },
    },
  },
  'GET /v1/users/{user_id}/recommendations': {
    id: 'recommendToUser',
    chapter: 'Users',
    example: {
      parameters: { ...ada, k: 2, exclude: ['1198', '2571'] },
      answer: {
        ...userList,
        cache: { ...userList.cache, status: 'hit', reused_items: 3, prefilled_items: 0 },
      },
    },
  },
  'POST /v1/users/{user_id}/recommendations': {
    id: 'appendAndRecommend',
    chapter: 'Users',
    example: {
      parameters: { ...ada, 'idempotency-key': 'order-18' },
      body: { items: [{ id: '260' }], k: 2 },
      answer: userList,
    },
  },
  'GET /v1/users/{user_id}/interactions': {
    id: 'listInteractions',
    chapter: 'Users',
    example: {
      parameters: { ...ada, limit: 2 },
      answer: { items: [{ id: '260' }, { id: '1196', timestamp: 1764000000 }], next_cursor: 'Mg' },
    },
  },
  'GET /v1/users/{user_id}': {
    id: 'describeUser',
    chapter: 'Users',
    example: {
      parameters: ada,
      answer: { user_id: 'ada', length: 3, state: { items: 3, bytes: 2168, age_seconds: 4 } },
    },
  },
  'DELETE /v1/users/{user_id}': { id: 'forgetUser', chapter: 'Users', example: { parameters: ada } },
  'GET /v1/items': {
    id: 'searchItems',
    chapter: 'Catalogue',
    example: { parameters: { q: 'toy st', limit: 1 }, answer: { items: [toys], next_cursor: 'MQ' } },
  },
  'GET /v1/items/{id}': {
    id: 'getItem',
    chapter: 'Catalogue',
    example: { parameters: { id: '1' }, answer: toys },
  },
  'GET /v1/items/{id}/similar': {
    id: 'similarItems',
    chapter: 'Catalogue',
    example: {
      parameters: { id: '1196', k: 2, categories: ['Sci-Fi'], exclude: ['260'] },
      answer: {
        items: [
          { id: '1200', title: 'Aliens (1986)', score: 0.637, rank: 1 },
          { ...jedi, score: 0.58, rank: 2 },
        ],
        model,
      },
    },
  },
  'GET /v1/categories': {
    id: 'listCategories',
    chapter: 'Catalogue',
    example: {
      answer: {
        categories: [
          { name: 'Drama', items: 1603 },
          { name: 'Comedy', items: 1200 },
        ],
      },
    },
  },
  'GET /healthz': {
    id: 'health',
    chapter: 'Operation',
    example: {
      answer: { status: 'ok', model: { ...model, name: 'ml-1m', items: 3883, precision: 'int8' } },
    },
  },
  'GET /metrics': {
    id: 'metrics',
    chapter: 'Operation',
    example: { answer: 'earn_requests_total{method="GET",route="/healthz",status="200"} 3\n' },
  },
};
