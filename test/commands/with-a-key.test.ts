/** Commands that call a service send the key of their environment, and no other place has it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'vitest';
import { flakyServer } from '../fixtures/flaky-server.ts';

const root = resolve(import.meta.dirname, '../..');
const KEY = 'earn_1234abcd_a-secret';

type Args = (folder: string) => string[];

/** Runs the command against a service that refuses every key. */
async function refused(name: string, argsOf: Args, { onTestFinished }: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'earn-edge-with-a-key-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'log.csv'), 'user,item,timestamp\nada,1,1\nada,2,2\n');
  writeFileSync(join(folder, 'items.csv'), 'id,title\n1,One\n2,Two\n');
  const sent: (string | null)[] = [];
  const service = await flakyServer(async ({ headers }) => {
    sent.push(headers.get('Authorization'));
    return Response.json({ code: 'unauthenticated', detail: 'The key is wrong' }, { status: 401 });
  });
  onTestFinished(() => service.stop());
  const args = [`scripts/${name}/main.ts`, '--url', service.url, ...argsOf(folder)];
  const env = { ...process.env, EARN_API_KEY: KEY };
  const output = await new Promise<string>((done) => {
    execFile(process.execPath, args, { cwd: root, env }, (_, stdout, stderr) => done(stdout + stderr));
  });
  return { sent, output };
}

test.concurrent.for<[string, Args]>([
  ['import', (folder) => ['--users', join(folder, 'log.csv')]],
  ['export', (folder) => ['--out', join(folder, 'out.csv')]],
  ['items', (folder) => ['--from', join(folder, 'items.csv')]],
  ['report', () => []],
])('%s', async ([name, argsOf], context) => {
  const { expect } = context;
  const { sent, output } = await refused(name, argsOf, context);
  expect(new Set(sent), output).toEqual(new Set([`Bearer ${KEY}`]));
  expect(output).toContain('The key is wrong');
  expect(output).not.toContain('a-secret');
});
