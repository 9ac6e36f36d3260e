/** `npm run compare`: two columns of ranks, case by case, with paired bootstrap intervals. */
import { defineCommand, runCommand } from '../command.ts';
import { UsageError } from '../options.ts';
import { metricsOf, pairedDifference } from './metrics.ts';
import { readRanks } from './ranks.ts';

const command = defineCommand({
  usage: `npm run compare -- A.csv:COLUMN B.csv:COLUMN

Takes files that \`npm run evaluate -- --ranks FILE\` or \`npm run rank -- --ranks FILE\` wrote. Prints one
line of JSON: the metrics of both columns over the cases that both files have, and the difference B - A with
its paired 95% bootstrap interval.`,
  options: {},
  positionals: { name: 'A.csv:COLUMN or B.csv:COLUMN', min: 2, max: 2 },
  main(_, { positionals, print }) {
    const [a, b] = positionals.map((name) => {
      const [, path, column] = /^(.*):([^:]+)$/.exec(name) ?? [];
      if (!path) throw new UsageError(`${name}: expected FILE:COLUMN`);
      return readRanks(path, column);
    });
    const shared = [...a.keys()].filter((key) => b.has(key));
    if (shared.length === 0) throw new UsageError('the two files have no case in common');
    const [first, second] = [a, b].map((ranks) => shared.map((key) => ranks.get(key)!));
    const difference = pairedDifference(first, second);
    print(JSON.stringify({ cases: shared.length, a: metricsOf(first), b: metricsOf(second), difference }));
  },
});

if (import.meta.main) await runCommand(command);
