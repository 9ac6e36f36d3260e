/** `npm run verify:trust`: contract, chaos and overload, each in a short version. */
import { isolateMemory } from '../bench/isolate-memory.ts';
import { round } from '../bench/statistics.ts';
import { defineCommand, runCommand } from '../command.ts';
import { EMBEDDED } from '../serving.ts';
import { verifyChaos } from './chaos.ts';
import { verifyContract } from './contract.ts';
import { verifyOverload } from './overload.ts';

const command = defineCommand({
  usage: `npm run verify:trust [-- options]

Whether the service can be trusted. Chaos: random users through two isolates and deployments, with faults
around logs, states, assets and engine, beside a reference. Contract: requests that schemathesis makes up from
the OpenAPI document; the first run installs it. Overload: more clients than can be served, then a hostile
tenant; and the growth of memory. The last line printed is a JSON object, and the exit status is 1 when
anything was wrong. docs/reliability.md has the results of longer runs.`,
  options: {
    operations: { type: 'integer', min: 100, default: 2000, description: 'operations under chaos' },
    cases: { type: 'integer', min: 100, default: 2000, description: 'about so many made-up requests' },
    seconds: { type: 'integer', min: 1, default: 9, description: 'of each load' },
    requests: { type: 'integer', min: 100, default: 300, description: 'while memory is watched' },
    seed: { type: 'integer', min: 0, default: 1, description: 'of all of these' },
  },
  async main({ operations, cases, seconds, requests, seed }, { print }) {
    const chaos = await verifyChaos(operations, seed, print);
    print(`chaos     ${JSON.stringify(chaos)}`);
    const contract = await verifyContract(cases, seed, print);
    print(`contract  ${JSON.stringify(contract)}`);
    const overload = await verifyOverload(EMBEDDED, seconds, seed);
    print(`overload  ${JSON.stringify(overload)}`);
    const { growth_mb } = await isolateMemory(EMBEDDED, requests);
    // Growth is measured over the last eight tenths.
    const memory_slope_mb_per_1000 = round((growth_mb / (0.8 * requests)) * 1000, 1);
    const wrong_answers = chaos.wrong_answers + overload.wrong_answers;
    print(JSON.stringify({ ...chaos, ...contract, ...overload, wrong_answers, memory_slope_mb_per_1000 }));
    const wrong = [
      wrong_answers,
      chaos.lost_interactions,
      chaos.leaks,
      contract.fuzz_failures,
      overload.errors_below_capacity,
    ];
    if (wrong.some((count) => count > 0)) process.exitCode = 1;
  },
});

if (import.meta.main) await runCommand(command);
