/** A mistake in a file: one line that says where, exit status 2. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder } from '../data/helpers.ts';

const FILES = {
  'other/interactions.csv': 'x\n',
  'old/manifest.json': '{"format":1}',
  'cut/config.json': '{"model":',
  'printed.txt': 'some text\n',
  'foreign.txt': '{"a":1}\n',
  'log.txt': 'user_id,item_id\nu,a\n',
};

test.each([
  ['build/main.ts', '--checkpoint DIR/cut --out DIR/out', 'DIR/cut/config.json: not valid JSON'],
  ['verify/beam.ts', '--data DIR/other', 'DIR/other: no user has a test item'],
  ['verify/incremental.ts', '--model DIR/old', 'manifest.json has format 1, this engine reads'],
  ['bench/main.ts', '--model DIR/old', 'manifest.json has format 1, this engine reads'],
  ['bench/load.ts', '--model DIR/old', 'manifest.json has format 1, this engine reads'],
  ['results/main.ts', '--name x DIR/printed.txt', 'DIR/printed.txt: the last line is not a JSON object'],
  [
    'results/main.ts',
    '--name x DIR/foreign.txt',
    'DIR/foreign.txt: the object in the last line has no dataset',
  ],
  [
    'results/main.ts',
    '--check DIR/foreign.txt',
    'DIR/foreign.txt: not printed by a verify command or bench:size',
  ],
  ['performance/main.ts', 'DIR/foreign.txt', 'DIR/foreign.txt: the object in the last line has no rows'],
  ['make/main.ts', '--from DIR/log.txt', 'DIR/log.txt:1: no column is known to be the time'],
])('%s %s', (script, args, message) => {
  const path = folder(FILES);
  const command = [join('scripts', script), ...args.replaceAll('DIR', path).split(' ')];
  const { status, stderr } = run(command);
  expect(stderr).toContain(message.replaceAll('DIR', path));
  expect(stderr).toMatch(/^error: [^\n]*\n$/);
  expect(status).toBe(2);
});

function run(args: string[]): { status: number; stderr: string } {
  try {
    execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' });
    return { status: 0, stderr: '' };
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: string };
    return { status, stderr };
  }
}
