/** Runs `test/service/chaos.test.ts` for longer, or from another seed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { UserError } from '../errors.ts';
import { ROOT } from '../serving.ts';
import type { ChaosResult } from './chaos-result.ts';
import { inMemory } from './memory.ts';

/** Of one world. Longer runs are several, each with the next seed. */
const MOST = 5000;
/** `print` takes what each world came to, and what vitest says when something was wrong. */
export async function verifyChaos(
  operations: number,
  seed: number,
  print: (line: string) => void,
): Promise<ChaosResult> {
  const sum: ChaosResult = {
    ...{ operations: 0, faults: {}, wrong_answers: 0, lost_interactions: 0, leaks: 0, unavailable: 0 },
  };
  for (let next = seed; sum.operations < operations; next++) {
    const result = await worldOf(Math.min(MOST, operations - sum.operations), next, print);
    print(`seed ${next}  ${JSON.stringify(result)}`);
    for (const [kind, count] of Object.entries(result.faults)) {
      sum.faults[kind] = (sum.faults[kind] ?? 0) + count;
    }
    for (const field of [
      'operations',
      'wrong_answers',
      'lost_interactions',
      'leaks',
      'unavailable',
    ] as const) {
      sum[field] += result[field];
    }
  }
  return sum;
}

async function worldOf(
  operations: number,
  seed: number,
  print: (line: string) => void,
): Promise<ChaosResult> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const args = ['run', '--project', 'workers', 'test/service/chaos.test.ts', '--silent=false'];
  const guard = ['--testTimeout', '0'];
  const child = spawn(process.execPath, [vitest, ...args, ...guard], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: inMemory(), CHAOS: `${operations} ${seed}`, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  const [, result] = /CHAOS (\{.*\})/.exec(output) ?? [];
  if (child.exitCode !== 0) print(output + errors);
  if (result === undefined) throw new UserError('the chaos test ended without a result');
  return JSON.parse(result);
}
