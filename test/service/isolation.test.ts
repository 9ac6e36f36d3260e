/** Whatever users are called, each has a history, a state and a list of their own. */
import { env } from 'cloudflare:workers';
import { beforeAll, expect, test } from 'vitest';
import { isolate, stateKeys, warmUp } from './durable.ts';
import { listOf, pathOf, type Visitor } from './visitor.ts';

beforeAll(...warmUp);

const USERS = [
  ...[
    '../',
    '..%2f',
    '..%2F',
    '/',
    '//',
    '/..',
    './',
    'a/b',
    'a%2fb',
    'a\\b',
    'ada/interactions',
    'a?k=1',
    'a#b',
  ],
  ...[
    '%',
    '%25',
    '%2525',
    '%FF',
    '%00',
    '+',
    '%20',
    '%2B',
    'a&b=c',
    'a;b',
    ':user_id',
    '{user_id}',
    '*',
    '.*',
  ],
  ...[
    '\u00e9',
    'e\u0301',
    '\u00c5',
    'A\u030a',
    '\u212b',
    '\ufb00',
    'ff',
    'K',
    '\u212a',
    '\u0131',
    '\ufeff',
    '\u200b',
  ],
  ...[
    '😀',
    '😀\u200d',
    '👩\u200d👩\u200d👧',
    '🇸🇪',
    '\u202eada',
    '界'.repeat(170),
    '界'.repeat(171),
    '\ufffd',
  ],
  ...['ada', 'Ada', 'ADA', ' ada', 'ada ', 'ada  ', 'ada\t', 'ada\n', 'ada\0', 'ada\0bob', 'ada.', 'ada/'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'null',
    'undefined',
    'NaN',
    '0',
    '00',
    '-1',
    'true',
    '[object Object]',
  ],
  ...[
    'x'.repeat(511),
    'x'.repeat(512),
    'x'.repeat(513),
    'x'.repeat(1024),
    "'; DROP TABLE log; --",
    '"',
    "''",
  ],
  ...['state/', 'interactions', 'recommendations', '1e3', '1000', '...'],
];

/** No two users have the same: the number in base 12, as films. */
const historyOf = (user: number) => [1 + (user % 12), 1 + Math.floor(user / 12)].map(String);

async function eachIsThemselves(visitor: Visitor, status: string, users = USERS) {
  for (const user of users) {
    const history = historyOf(USERS.indexOf(user));
    expect(await visitor.interactions(user), user).toEqual(history.toReversed());
    const list = await visitor.recommend(user);
    expect(list.cache.status, user).toBe(status);
    expect(listOf(list), user).toEqual(listOf(await visitor.fromScratch(history)));
    expect(listOf(await visitor.recommend(user)), user).toEqual(listOf(list));
  }
  await visitor.settled();
}

test('hostile ids do not meet in the log, in the store, nor in an isolate’s memory', async () => {
  expect(new Set(USERS).size).toBe(USERS.length);
  const here = isolate();
  for (const [index, user] of USERS.entries()) {
    const answer = await here.append(user, historyOf(index));
    expect(answer).toMatchObject({ user_id: user, length: 2 });
  }
  await eachIsThemselves(here, 'miss');
  await eachIsThemselves(isolate(), 'hit');

  const keys = new Set<string>();
  for (const user of USERS) for (const key of await stateKeys(user)) keys.add(key);
  expect(keys.size).toBe(USERS.length);
  for (const key of keys) expect(new TextEncoder().encode(key).length).toBeLessThan(512);
  expect(new Set(USERS.map((user) => env.USERS.idFromName(user).toString())).size).toBe(USERS.length);

  // Every second one is deleted, and none of the others notices.
  const deleted = USERS.filter((_, index) => index % 2 === 0);
  const left = USERS.filter((_, index) => index % 2 === 1);
  for (const user of deleted) await here.remove(user);
  await eachIsThemselves(here, 'hit', left);
  for (const user of deleted)
    expect(await here.user(user)).toEqual({ user_id: user, length: 0, state: null });
});

test('an id is what its percent-encoding says, however it is spelled', async () => {
  const visitor = isolate();
  const user = `é/${crypto.randomUUID()}`;
  await visitor.append(user, ['1']);
  for (const path of [pathOf(user), pathOf(user).toLowerCase(), pathOf(user).replace('%C3%A9', 'é')]) {
    expect(await (await visitor.request('GET', path)).json(), path).toMatchObject({
      user_id: user,
      length: 1,
    });
  }
});
