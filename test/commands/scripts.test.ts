/** Every command of package.json says how it is used, and tells what is wrong with its arguments. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const { scripts }: { scripts: Record<string, string> } = JSON.parse(
  readFileSync(resolve(root, 'package.json'), 'utf8'),
);

/** What `npm run` starts, by name: a file of scripts/, and arguments. */
const commands = Object.entries(scripts).flatMap(([name, line]) => {
  const [, command] = /^node (scripts\/.*\.ts.*)$/.exec(line) ?? [];
  return command ? [{ name, command: command.split(' ') }] : [];
});

function run(args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const child = execFile(process.execPath, args, { cwd: root }, (_, stdout, stderr) =>
      done({ status: child.exitCode!, stdout, stderr }),
    );
  });
}

test('there are commands to look at', () => {
  expect(commands.map(({ name }) => name)).toEqual(expect.arrayContaining(['start', 'data', 'bench']));
});

test.each(['start', 'test', 'deploy', 'deploy:check'])('%s installs what a fresh clone lacks', (name) => {
  expect(scripts[`pre${name}`]).toBe('node scripts/install.mjs');
});

test.concurrent.for(commands)('$name --help prints the usage', async ({ name, command }, { expect }) => {
  const { status, stdout, stderr } = await run([...command, '--help']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const typed = name === 'start' ? 'npm start' : `npm run ${name}`;
  expect(stdout).toMatch(new RegExp(`^Usage: ${typed}\\s`));
  expect(stdout).toContain('--help');
  for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(110);
});

test.concurrent.for(commands)('$name names an unknown flag', async ({ command }, { expect }) => {
  const { status, stdout, stderr } = await run([...command, '--no-such-flag']);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^error: .*--no-such-flag.*\n\nUsage: npm /);
  expect(stderr).not.toMatch(/\n +at /);
});
