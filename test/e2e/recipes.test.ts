/** The recipes of CONTRIBUTING.md, followed in a copy of the project. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const copy = mkdtempSync(join(tmpdir(), 'earn-edge-recipes-'));

/** The blocks of code of a recipe, by its heading. */
function blocksOf(title: string): string[] {
  const text = readFileSync('CONTRIBUTING.md', 'utf8');
  const [, recipe] = new RegExp(`^### ${title}\n(.*?)^##`, 'ms').exec(text)!;
  return [...recipe.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block);
}

/**
 * Follows a recipe: writes its file, imports it in the registry, adds the line after `before`, and writes the
 * test. A file names itself in its first line.
 */
function follow(title: string, registry: string, before: string, test: string): void {
  const [block, line, testBlock] = blocksOf(title);
  const [, path] = /^\/\/ (\S+)\n/.exec(block)!;
  const [, name] = /^export (?:const|function) (\w+)/m.exec(block)!;
  const text = readFileSync(join(copy, registry), 'utf8');
  expect(text).toContain(before);
  const from = relative(dirname(registry), path);
  const registered = text.replace(before, `${before} ${line.trim()}`);
  writeFileSync(join(copy, registry), `import { ${name} } from './${from}';\n${registered}`);
  writeFileSync(join(copy, path), block);
  writeFileSync(join(copy, test), testBlock);
}

async function run(program: string, ...args: string[]) {
  const ended = promisify(execFile)(program, args, { cwd: copy });
  const { stdout } = await ended.catch(({ stdout, stderr }) => expect.fail(`${stdout}\n${stderr}`));
  return stdout;
}

const vitest = (project: string, ...tests: string[]) =>
  run('npx', 'vitest', 'run', '--project', project, ...tests);

beforeAll(async () => {
  const tracked = await promisify(execFile)('git', ['ls-files'], { encoding: 'utf8' });
  for (const path of tracked.stdout.trimEnd().split('\n')) {
    mkdirSync(join(copy, dirname(path)), { recursive: true });
    cpSync(path, join(copy, path));
  }
  symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

test('a ranker, a route and a dataset are one file and one line each, and pass the tests that are shown', async () => {
  follow('A ranker', 'worker/recommend/rankers/index.ts', 'RANKERS = {', 'test/service/rare.test.ts');
  const routes = ".route('/v1', recommendations(models))";
  follow('A route', 'worker/http/app.ts', routes, 'test/service/category.test.ts');
  const datasets = 'DATASETS: Dataset[] = [';
  follow('A dataset', 'scripts/data/datasets/index.ts', datasets, 'test/data/plays.test.ts');

  await run('npx', 'tsc', '--build');
  await vitest('workers', 'test/service/rare.test.ts', 'test/service/category.test.ts');
  await vitest('node', 'test/data/plays.test.ts');
  expect(await run('node', 'scripts/data/main.ts', '--help')).toContain('plays');
});

test('the filter and the store that are shown are those of the project', () => {
  const [filter, line] = blocksOf('A filter');
  const [, path] = /^\/\/ (\S+)\n/.exec(filter)!;
  const plain = (text: string) =>
    text
      .replace(/^\/\/.*\n/, '')
      .replace(/,?\s+/g, ' ')
      .replaceAll(', }', ' }')
      .trim();
  expect(plain(filter)).toBe(plain(readFileSync(path, 'utf8')));
  expect(readFileSync('worker/recommend/filters/index.ts', 'utf8')).toContain(line.trim());
  const [store] = blocksOf('A state store');
  expect(readFileSync('worker/cache/stores/index.ts', 'utf8')).toContain(store.trim());
});
