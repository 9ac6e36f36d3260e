/** `npm run import`: what is sent, and how a run goes on; `test/e2e/import.test.ts` has the real service. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { folder } from './helpers.ts';
import { CSV, imported, LOGS, service } from './import-service.ts';

test.each<[string, string | Buffer]>([
  ['log.csv', CSV],
  ['log.csv.gz', gzipSync(CSV)],
  ['log.inter', CSV.replaceAll(',', '\t').replace('user_id', 'user_id:token')],
  [
    'log.jsonl',
    `{"user_id":"ada","item_id":"b","timestamp":2,"rating":5}
{"user_id":"bob","item_id":"x1","timestamp":"5"}
{"user_id":"ada","items":[{"id":"a","timestamp":1},{"id":"c","timestamp":2}]}\n`,
  ],
])('%s: each user oldest first, at one time in the order of the file', async (name, content) => {
  const { url, logs } = await service();
  const file = join(folder({ [name]: content }), name);
  const { summary, text } = await imported(file, url);
  expect(logs()).toEqual(LOGS);
  expect(summary).toEqual({
    users: 2,
    interactions: 4,
    sent: 4,
    skipped: 0,
    unknown_items: 1,
    late: 0,
    duplicates_dropped: 0,
    incomplete_dropped: 0,
    retries: 0,
  });
  expect(text).toContain('1 items are unknown to the model (x1');
});

test('without timestamps the order of the file is kept, and an item may come twice', async () => {
  const { url, logs } = await service();
  const file = join(folder({ 'log.csv': 'item_id,user_id\nc,ada\na,ada\nc,ada\n' }), 'log.csv');
  await imported(file, url);
  expect(logs()).toEqual({ ada: ['c', 'a', 'c'] });
});

test('types of events are sent; --event none leaves them out', async () => {
  const csv = 'user_id,item_id,timestamp,event_type\nada,a,1,view\nada,a,1,purchase\nada,b,2,view\n';
  const [typed, untyped] = [await service(), await service()];
  const file = join(folder({ 'log.csv': csv }), 'log.csv');
  await imported(file, typed.url);
  expect(typed.logs()).toEqual({ ada: ['a@1@view', 'a@1@purchase', 'b@2@view'] });
  // A late row is told from what was sent by its type too.
  appendFileSync(file, 'ada,a,1,return\n');
  expect((await imported(file, typed.url)).summary).toMatchObject({ sent: 1, late: 1 });
  expect(typed.logs().ada.at(-1)).toBe('a@1@return');
  const progress = `${file}.untyped.jsonl`;
  await expect(imported(file, untyped.url, { event: 'none', progress })).rejects.toThrow('the same as in');
  await imported(file, untyped.url, { event: 'none', progress, dropDuplicates: true });
  expect(untyped.logs()).toEqual({ ada: ['a@1', 'b@2'] });
});

test('a long history is sent in batches, in order; awkward ids arrive as they are', async () => {
  const { url, logs, appended } = await service();
  const user = 'Zoë/?#% ,"';
  const ids = Array.from({ length: 2345 }, (_, index) => `i"${index}`);
  const lines = ids.map((id) => `${JSON.stringify({ user_id: user, item_id: id })}\n`);
  const file = join(folder({ 'log.jsonl': lines.join('') }), 'log.jsonl');
  await imported(file, url);
  expect(appended).toEqual([1000, 1000, 345]);
  expect(logs()).toEqual({ [user]: ids });
});

test.each([
  ['log.csv', `${CSV}ada,d,yesterday\n`, 'log.csv:6: timestamp: expected a number'],
  ['log.csv', `${CSV}ada,,4\n`, 'log.csv:6: item_id: expected 1 to 200 characters'],
  ['log.csv', `${CSV}..,a,4\n`, `log.csv:6: user_id: ".." can't be part of a URL's path`],
  ['log.csv', `${CSV}ada,d\n`, 'log.csv:6: columns: expected 3, found 2'],
  ['log.csv', `${CSV}ada,a,1\n`, 'log.csv:6: user_id, item_id, timestamp: the same as in line 4'],
  ['log.csv', 'who,item_id\na,b\n', 'log.csv:1: no column is known to be the user; there are who, item_id'],
  ['log.csv', 'user_id,item_id\n', 'log.csv: no interactions'],
  ['log.jsonl', '{"user_id":7.5,"item_id":"a"}', 'log.jsonl:1: user_id: expected 1 to 200 characters'],
  ['log.jsonl', '{"user_id":"u"}', 'log.jsonl:1: no column is known to be the item'],
  [
    'log.jsonl',
    '{"user_id":"u","items":[{"id":"a"}]}\n{"user_id":"v","items":[{}]}',
    'log.jsonl:2: item_id: exp',
  ],
  ['log.jsonl', '{"user_id":"u","items":[null]}', 'log.jsonl:1: no column is known to be the item'],
  ['log.jsonl', '{"user_id":"u","items":"a"}', 'log.jsonl:1: no column is known to be the item'],
  [
    'log.jsonl',
    '{"user_id":"u","item_id":"a","timestamp":true}',
    'log.jsonl:1: timestamp: expected a number',
  ],
  ['log.jsonl', '{"user_id":"u","item_id":"a"}\nnope', 'log.jsonl:2: json: not valid JSON'],
  [
    'log.jsonl',
    '{"user_id":"u","items":[{"id":"a","timestamp":1},{"id":"b"}]}',
    'log.jsonl:1: timestamp: user "u" has rows with a time and rows without one',
  ],
])('%s, %j: stops before anything is sent', async (name, content, message) => {
  const { url, logs } = await service();
  const path = folder({ [name]: content });
  await expect(imported(join(path, name), url)).rejects.toThrow(message);
  expect(logs()).toEqual({});
  expect(existsSync(join(path, `${name}.progress.jsonl`))).toBe(false);
});

test('a second run sends nothing; a grown file sends what is new', async () => {
  const { url, log, logs, appended } = await service();
  const file = join(folder({ 'log.csv': CSV }), 'log.csv');
  await imported(file, url);
  const again = await imported(file, url);
  expect(again.summary).toMatchObject({ sent: 0, skipped: 4, unknown_items: 1 });
  expect(appended.toSorted()).toEqual([1, 3]);

  for (const user of log.users.values()) user.keys.clear(); // as after a day
  appendFileSync(file, 'ada,d,3\ncyd,a,1\n');
  const grown = await imported(file, url);
  expect(grown.summary).toMatchObject({ users: 3, interactions: 6, sent: 2, skipped: 4 });
  expect(logs()).toEqual({ ...LOGS, ada: [...LOGS.ada, 'd@3'], cyd: ['a@1'] });
});

test('a late row of one user is sent behind the others, and refuses nothing', async () => {
  const { url, log, logs } = await service();
  const file = join(folder({ 'log.csv': CSV }), 'log.csv');
  await imported(file, url);
  await log.append('ada', [{ item: 'elsewhere', time: 9 }]);
  appendFileSync(file, 'cyd,a,1\nada,between,1.5\nada,d,3\n');
  const { summary, text } = await imported(file, url);
  expect(summary).toMatchObject({ sent: 3, skipped: 4, late: 2 });
  expect(text).toContain('2 interactions came late');
  const ada = [...LOGS.ada, 'elsewhere@9', 'between@1.5', 'd@3'];
  expect(logs()).toEqual({ ...LOGS, ada, cyd: ['a@1'] });

  // The same file again, and a grown one, as if nothing had come late.
  expect((await imported(file, url)).summary).toMatchObject({ sent: 0, skipped: 7 });
  appendFileSync(file, 'ada,e,10\n');
  expect((await imported(file, url)).summary).toMatchObject({ sent: 1, late: 0 });
  expect(logs().ada).toEqual([...ada, 'e@10']);
});

test('a late row that was sent before the import was killed is not sent again', async () => {
  const { url, log, logs } = await service();
  const file = join(folder({ 'log.csv': CSV }), 'log.csv');
  const progress = `${file}.progress.jsonl`;
  await imported(file, url);
  const before = readFileSync(progress);
  appendFileSync(file, 'ada,between,1.5\n');
  await imported(file, url);
  writeFileSync(progress, before); // as if it had been killed before the answer was written
  for (const user of log.users.values()) user.keys.clear(); // as after a day
  expect((await imported(file, url)).summary).toMatchObject({ sent: 0 });
  expect(logs().ada).toEqual([...LOGS.ada, 'between@1.5']);
});

test('users who have a history get the imported one after it', async () => {
  const { url, log, logs } = await service();
  await log.append('bob', [{ item: 'x1', time: 5 }]);
  const file = join(folder({ 'log.csv': CSV }), 'log.csv');
  await imported(file, url);
  expect(logs()).toEqual({ ...LOGS, bob: ['x1@5', 'x1@5'] });
});

test('the progress belongs to one service, and no other file is taken for it', async () => {
  const [first, second] = [await service(), await service()];
  const path = folder({ 'log.csv': CSV });
  const file = join(path, 'log.csv');
  await imported(file, first.url);
  await expect(imported(file, second.url)).rejects.toThrow(`is of an import to ${first.url}; name another`);
  await expect(imported(file, second.url, { progress: file })).rejects.toThrow(
    'is not the progress of an import',
  );
  expect(readFileSync(file, 'utf8')).toBe(CSV);
  await imported(file, second.url, { progress: join(path, 'second.jsonl') });
  expect(second.logs()).toEqual(LOGS);
});

test('a line that the machine did not finish writing is dropped; a damaged one is an error', async () => {
  const { url, log, logs } = await service();
  const file = join(folder({ 'log.csv': CSV }), 'log.csv');
  await imported(file, url, { concurrency: 1 });
  const progress = `${file}.progress.jsonl`;
  const whole = readFileSync(progress);
  // Cut anywhere after the first line: a batch whose line was not whole had not been sent.
  for (let bytes = whole.indexOf('\n') + 1; bytes < whole.length; bytes += 5) {
    writeFileSync(progress, whole.subarray(0, bytes));
    for (const [user, { keys }] of log.users) {
      keys.clear(); // as after a day
      const sent = whole.indexOf('\n', whole.indexOf(`"sending":"${user}"`)) < bytes;
      if (!sent) log.users.delete(user);
    }
    await imported(file, url, { concurrency: 1 });
    expect(logs()).toEqual(LOGS);
  }
  writeFileSync(progress, `${whole.toString().replace('"stored"', '"stroed"')}`);
  await expect(imported(file, url)).rejects.toThrow(/log\.csv\.progress\.jsonl:\d: json: damaged/);
});

test('what was on its way when the import ended is looked for in the log', async () => {
  const { url, log, logs } = await service();
  const file = join(folder({ 'log.csv': CSV }), 'log.csv');
  const progress = `${file}.progress.jsonl`;
  await imported(file, url);
  // As if it had been killed before the answers came, a day ago; meanwhile ada went on, and came to have a
  // row again.
  const lines = readFileSync(progress, 'utf8').split('\n');
  writeFileSync(progress, lines.filter((line) => !line.includes('"stored"')).join('\n'));
  for (const user of log.users.values()) user.keys.clear();
  await log.append('ada', [{ item: 'a', time: 1 }]);
  const { summary, text } = await imported(file, url);
  expect(summary).toMatchObject({ sent: 0, skipped: 4 });
  expect(text).toContain('without an answer on which items the model knows');
  expect(logs()).toEqual({ ...LOGS, ada: [...LOGS.ada, 'a@1'] });
});

test('what was announced and did not arrive is sent, also when the same was in the log before', async () => {
  const { url, log, logs } = await service();
  const file = join(folder({ 'log.csv': 'user_id,item_id\nada,a\n' }), 'log.csv');
  await log.append('ada', [{ item: 'a' }, { item: 'b' }]);
  await imported(file, url);
  const progress = `${file}.progress.jsonl`;
  const lines = readFileSync(progress, 'utf8').split('\n');
  writeFileSync(progress, lines.filter((line) => !line.includes('"stored"')).join('\n'));
  const ada = log.users.get('ada')!;
  ada.keys.clear();
  ada.events.pop(); // as if the request had been lost
  await imported(file, url);
  expect(logs()).toEqual({ ada: ['a', 'b', 'a'] });
});
