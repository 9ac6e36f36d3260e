import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';

async function start(port: string): Promise<{ status: number | null; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const env = { ...process.env, PORT: port };
    const child = execFile(process.execPath, ['scripts/start.ts'], { env }, (_, stdout, stderr) =>
      done({ status: child.exitCode, stdout, stderr }),
    );
  });
}

test('a port in use: npm start says so, and takes no other server for its own', async () => {
  const other = createServer((_, response) => response.end('{"status":"ok"}')).listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  expect(await start(`${port}`)).toEqual({
    status: 2,
    stdout: '',
    stderr: `error: port ${port} is in use by another program; PORT=8787 npm start uses another port\n`,
  });
});

test.each(['0', '65536', 'http'])('PORT=%s is refused', async (port) => {
  const { status, stderr } = await start(port);
  expect(status).toBe(2);
  expect(stderr).toContain(`error: PORT: expected a whole number from 1 to 65535, found ${port}`);
});
