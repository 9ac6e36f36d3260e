/** Whether the service does what its OpenAPI document says, by requests that schemathesis makes up. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCOPES } from '../../worker/access/principal.ts';
import { makeKey } from '../keys/make.ts';
import { startServer } from '../local-service.ts';
import { schemathesis } from './schemathesis.ts';

/** Cases that there are anyway, and those of an example of each operation: measured, to choose how many. */
const CASES = 1900;
const CASES_PER_EXAMPLE = 43;
/** Of one round. Longer runs are several, each with the next seed. */
const MOST = 10_000;
/** What has not answered by then never will. A busy machine is slow, which is no finding. */
const TIMEOUT_SECONDS = 600;

export interface ContractResult {
  fuzz_cases: number;
  fuzz_failures: number;
}

/** Sends about so many made-up requests. `print` takes what each round came to, and schemathesis' report. */
export async function verifyContract(
  cases: number,
  seed: number,
  print: (line: string) => void,
): Promise<ContractResult> {
  const sum: ContractResult = { fuzz_cases: 0, fuzz_failures: 0 };
  const rounds = Math.ceil(cases / MOST);
  for (let next = seed; next < seed + rounds; next++) {
    const result = await roundOf(cases / rounds, next, print);
    print(`seed ${next}  ${JSON.stringify(result)}`);
    sum.fuzz_cases += result.fuzz_cases;
    sum.fuzz_failures += result.fuzz_failures;
  }
  return sum;
}

async function roundOf(cases: number, seed: number, print: (line: string) => void): Promise<ContractResult> {
  const program = schemathesis();
  const folder = mkdtempSync(join(tmpdir(), 'earn-edge-contract-'));
  const { record, secret } = await makeKey({
    name: undefined,
    tenant: 'contract',
    scopes: [...SCOPES],
    users: undefined,
    days: undefined,
  });
  const settings = ['ACCESS:keys', 'EXPOSE:docs', `API_KEYS:${JSON.stringify([record])}`];
  const server = await startServer({
    wrangler: settings.flatMap((setting) => ['--var', setting]),
  });
  try {
    const document = join(folder, 'openapi.json');
    const headers = { Authorization: `Bearer ${secret}` };
    writeFileSync(document, JSON.stringify(await documentOf(server.url, headers)));
    writeFileSync(join(folder, 'schemathesis.toml'), SETTINGS);
    const args = [
      ...['run', document, '--url', server.url, '--header', `Authorization: Bearer ${secret}`],
      ...['--checks', 'all', '--continue-on-failure', '--seed', String(seed), '--no-color'],
      ...['--max-examples', String(Math.max(1, Math.ceil((cases - CASES) / CASES_PER_EXAMPLE)))],
      ...['--suppress-health-check', 'all', '--request-timeout', String(TIMEOUT_SECONDS)],
      ...['--max-response-time', String(TIMEOUT_SECONDS)],
    ];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: folder });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    await once(child, 'close');
    const result = countsOf(output);
    if (result.fuzz_failures > 0) for (const line of output.split('\n')) print(line);
    return result;
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Their rules are about other requests, or about names that the catalogue and the model have. */
const BEYOND_SCHEMAS = ['idempotency-key', 'filter', 'target'];
/** Its one required field is a filter. */
const LEFT_OUT = ['/v1/rules/{name}'];
const CATEGORIES = /^(exclude_)?categories$/;

/**
 * The service's document with what no schema can say: the names of the served model's categories, and that it
 * is the only model. Without what is beyond schemas: `chaos.ts` and the tests of the service look at it.
 */
async function documentOf(url: string, headers: HeadersInit): Promise<unknown> {
  const document = await (await fetch(`${url}/openapi.json`, { headers })).json();
  const { categories } = await (await fetch(`${url}/v1/categories`, { headers })).json();
  document.components.parameters.Model.schema.enum = ['current'];
  for (const path of LEFT_OUT) delete document.paths[path];
  const names = categories.map(({ name }: { name: string }) => name);
  const isFilter = ({ description = '' }: { description?: string }) => description.includes('/v1/categories');
  visit(document, (key, value) => {
    if (CATEGORIES.test(key) && isFilter(value)) value.items.enum = names;
    if (key === 'properties') {
      for (const name of BEYOND_SCHEMAS) delete value[name];
      if (value.properties?.description === 'null takes one back') delete value.properties;
    }
    if (key !== 'parameters' || !Array.isArray(value)) return;
    for (const each of value) if (CATEGORIES.test(each.name)) each.schema.items.enum = names;
    const kept = value.filter(({ name = '' }: { name?: string }) => !BEYOND_SCHEMAS.includes(name));
    value.splice(0, value.length, ...kept);
  });
  return document;
}

/** A wrong request may also be too long for a URL. */
const SETTINGS = `[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 414, 415, 422, 429]
`;

// biome-ignore lint/suspicious/noExplicitAny: any JSON.
function visit(json: any, look: (key: string, value: any) => void): void {
  if (typeof json !== 'object' || json === null) return;
  for (const [key, value] of Object.entries(json)) {
    if (typeof value === 'object' && value !== null) look(key, value);
    visit(value, look);
  }
}

/** `1948 generated, 29 found 29 unique failures`, or `1948 generated, 1948 passed`. */
function countsOf(output: string): ContractResult {
  const [, generated] = /(\d+) generated/.exec(output) ?? [];
  if (generated === undefined) throw new Error(`schemathesis ended:\n${output}`);
  const [, failures = '0'] = /(\d+) unique failures?/.exec(output) ?? [];
  return { fuzz_cases: Number(generated), fuzz_failures: Number(failures) };
}
