/** `npm run verify:trust`: chaos, contract, overload and memory in short versions, or as long as wanted. */
import { isolateMemory } from '../bench/isolate-memory.ts';
import { round } from '../bench/statistics.ts';
import { defineCommand, runCommand } from '../command.ts';
import { UsageError } from '../options.ts';
import { EMBEDDED } from '../serving.ts';
import { verifyChaos } from './chaos.ts';
import { verifyContract } from './contract.ts';
import { verifyNeighbours } from './neighbours.ts';
import { verifyOverload } from './overload.ts';
import { verifySoak } from './soak.ts';

const PARTS = ['chaos', 'contract', 'overload', 'memory', 'soak'] as const;

const command = defineCommand({
  usage: `npm run verify:trust [-- options]

Whether the service can be trusted. Chaos: random users through two isolates and deployments, with faults
around logs, states, the live catalogue, the outbox, assets and engine, beside a reference. Contract: requests
that schemathesis makes up from the OpenAPI document; the first run installs it. Overload: more clients than
can be served, then a hostile tenant; and the growth of memory. Soak, where it is asked for: a mixed load for
long. The last line printed is a JSON object, and the exit status is 1 when anything was wrong.
docs/reliability.md has the results of longer runs.`,
  options: {
    only: {
      type: 'string',
      value: 'PARTS',
      default: 'chaos,contract,overload,memory',
      description: `which of ${PARTS.join(', ')}, with commas between them`,
    },
    operations: { type: 'integer', min: 100, default: 2000, description: 'operations under chaos' },
    cases: { type: 'integer', min: 100, default: 2000, description: 'about so many made-up requests' },
    seconds: { type: 'integer', min: 1, default: 9, description: 'of each load' },
    requests: { type: 'integer', min: 100, default: 300, description: 'while memory is watched' },
    minutes: { type: 'integer', min: 1, default: 30, description: 'of the soak' },
    seed: { type: 'integer', min: 0, default: 1, description: 'of chaos, contract and overload' },
  },
  async main({ only, operations, cases, seconds, requests, minutes, seed }, { print }) {
    const parts = {
      chaos: () => verifyChaos(operations, seed, print),
      contract: () => verifyContract(cases, seed, print),
      async overload() {
        const many = await verifyOverload(EMBEDDED, seconds, seed);
        const { beside, ...hostile } = await verifyNeighbours(EMBEDDED, seconds, seed);
        print(`beside a hostile tenant ${JSON.stringify(beside)}`);
        const sum = (field: keyof typeof many & keyof typeof hostile) => many[field] + hostile[field];
        return {
          ...many,
          ...hostile,
          requests: sum('requests'),
          errors_below_capacity: sum('errors_below_capacity'),
          wrong_answers: sum('wrong_answers'),
        };
      },
      async memory() {
        const { growth_mb } = await isolateMemory(EMBEDDED, requests);
        // Growth is measured over the last eight tenths.
        return { memory_slope_mb_per_1000: round((growth_mb / (0.8 * requests)) * 1000, 1) };
      },
      soak: () => verifySoak(EMBEDDED, minutes, print),
    };
    const wanted = only.split(',');
    const unknown = wanted.find((name) => !Object.hasOwn(parts, name));
    if (unknown !== undefined) throw new UsageError(`--only: there are ${PARTS.join(', ')}, not ${unknown}`);
    const all: Record<string, unknown> = {};
    for (const name of PARTS.filter((each) => wanted.includes(each))) {
      const result = { ...(await parts[name]()) } as Record<string, unknown>;
      print(`${name.padEnd(10)}${JSON.stringify(result)}`);
      const wrong_answers = Number(all.wrong_answers ?? 0) + Number(result.wrong_answers ?? 0);
      Object.assign(all, result, { wrong_answers });
    }
    print(JSON.stringify(all));
    if (WRONG.some((field) => Number(all[field] ?? 0) > 0)) process.exitCode = 1;
  },
});

/** None of these may happen. */
const WRONG = [
  'wrong_answers',
  'lost_interactions',
  'leaks',
  'fuzz_failures',
  'errors_below_capacity',
  'soak_errors',
];

if (import.meta.main) await runCommand(command);
