/** What the documents point at is there: files, headings, commands, and the folders of the README's tree. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const DOCUMENTS = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'examples/README.md', 'examples/client/README.md'],
  ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];

/** The document without its blocks of code. */
const proseOf = (path: string) => readFileSync(path, 'utf8').replace(/^```.*?^```$/gms, '');

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(path: string): string[] {
  return [...proseOf(path).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Links that lead nowhere. */
function brokenLinks(path: string): string[] {
  const links = [...proseOf(path).matchAll(/(?:\]\(|src=")([^)"\s]+)/g)].map(([, link]) => link);
  return links.filter((link) => {
    if (/^(https?:|`)/.test(link)) return false;
    const [file, anchor] = link.split('#');
    const target = file === '' ? path : join(dirname(path), file);
    if (!existsSync(target)) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
}

test.each(DOCUMENTS)('%s points at what is there', (path) => {
  expect(brokenLinks(path)).toEqual([]);
});

test.each(DOCUMENTS)('%s names commands that there are', (path) => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const named = [...readFileSync(path, 'utf8').matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
  const own = path.startsWith('examples/') ? ['dev', 'deploy'] : []; // an example's own
  expect(named.filter((name) => !(name in scripts) && !own.includes(name))).toEqual([]);
});

test("the README's tree names every folder, and no other", () => {
  const [, tree] = /^```\n(worker\/.*?)^```$/ms.exec(readFileSync('README.md', 'utf8'))!;
  const lines = tree.split('\n');
  const names = (indent: RegExp) => lines.flatMap((line) => indent.exec(line)?.[1] ?? []).sort();
  const folders = (path: string) =>
    readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() && entry.name !== 'bindings' ? [entry.name] : [],
    );
  expect(names(/^ {2}([\w-]+)\/ /)).toEqual(folders('worker').sort());
  for (const top of names(/^([\w-]+)\/ /)) expect(existsSync(top), top).toBe(true);
});
