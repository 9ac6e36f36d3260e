/** What `npm run deploy` would upload is the model that was named, and never the embedded one by mistake. */
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildModel, writeModel } from '../../scripts/build/build-model.ts';
import { askForEmbedded } from '../../scripts/deploy/deploy.ts';
import { folder } from '../data/helpers.ts';
import { tinyCheckpoint } from '../fixtures/tiny-model.ts';

const built = buildModel(tinyCheckpoint(), 'tiny', 'int8');

function tinyModel(): string {
  const path = join(folder({}), 'my-model');
  writeModel(built, path);
  return path;
}

function run(script: string, ...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const env = { ...process.env, WORKERS_CI: '' };
  return new Promise((done) => {
    const command = [`scripts/deploy/${script}.ts`, ...args];
    const child = execFile(process.execPath, command, { env }, (_, stdout, stderr) =>
      done({ status: child.exitCode!, stdout, stderr }),
    );
    child.stdin!.end();
  });
}

test('the model that is named is what is uploaded', async () => {
  const model = tinyModel();
  const { status, stdout } = await run('check', '--model', model);
  expect(status).toBe(0);
  expect(stdout).toContain(`model      tiny, id ${built.manifest.id}, 50 items (${model})`);
  expect(stdout).toContain(`from the assets directory ${model}`);
});

test('a candidate goes along, for its share of the users', async () => {
  const { status, stdout } = await run('check', '--candidate', tinyModel(), '--share', '5');
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^model {6}ml-1m, .*\(the embedded films\)\ncandidate {2}tiny, .*, for 5 % of the users$/m,
  );
  const [, assets] = /from the assets directory (\S+)/.exec(stdout)!;
  const id = (path: string) => JSON.parse(readFileSync(join(assets, path), 'utf8')).id;
  expect(id('manifest.json')).toBe(JSON.parse(readFileSync('model-shards/manifest.json', 'utf8')).id);
  expect(id('candidate/manifest.json')).toBe(built.manifest.id);
});

test('without a model and with nobody to ask, nothing is deployed', async () => {
  const { status, stderr } = await run('main');
  expect(status).toBe(2);
  expect(stderr).toMatch(/^error: no --model: this would deploy the embedded films; .*--yes/);
});

test('the embedded model is deployed when that is wanted', async () => {
  await expect(askForEmbedded(async () => ' Yes ')).resolves.toBeUndefined();
  for (const answer of ['', 'n', 'yesterday']) {
    await expect(askForEmbedded(async () => answer)).rejects.toThrow('nothing was deployed');
  }
});

test('a damaged model is refused, with the file at fault', async () => {
  const model = tinyModel();
  const shard = readFileSync(join(model, 'weights-0.bin'));
  shard[1000] ^= 1;
  writeFileSync(join(model, 'weights-0.bin'), shard);
  const { status, stderr } = await run('check', '--model', model);
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: 'error: weights-0.bin is not the file that the manifest names\n',
  });
});

test('contradictions are refused', async () => {
  expect((await run('check', '--share', '5')).stderr).toMatch(/^error: --share needs --candidate DIR\n/);
  const [model, copy] = [tinyModel(), join(folder({}), 'copy')];
  cpSync(model, copy, { recursive: true });
  const { status, stderr } = await run('check', '--model', model, '--candidate', copy);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^error: --candidate: .*copy and .*my-model hold the same model\n/);
});
