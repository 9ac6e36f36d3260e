/** `npm run compare -- A.csv:COLUMN B.csv:COLUMN`: two files of ranks, case by case, with paired bootstrap intervals. */
import { parseArgs } from 'node:util';
import { metricsOf, pairedDifference } from './metrics.ts';
import { readRanks } from './ranks.ts';

const USAGE = `Usage: npm run compare -- A.csv:COLUMN B.csv:COLUMN

Takes files that \`npm run evaluate -- --ranks FILE\` or \`npm run rank\` wrote. Prints the metrics of both over the cases
that both have, the difference B - A and its paired 95% bootstrap interval; the last line as JSON.`;

const { values, positionals } = parseArgs({
  options: { help: { type: 'boolean', default: false } },
  allowPositionals: true,
});
if (values.help) console.log(USAGE);
else if (positionals.length !== 2) {
  console.error(USAGE);
  process.exitCode = 1;
} else {
  const [a, b] = positionals.map((name) => {
    const [, path, column] = /^(.*):([^:]+)$/.exec(name) ?? [];
    if (!path) throw new Error(`${name}: not FILE:COLUMN`);
    return readRanks(path, column);
  });
  const shared = [...a.keys()].filter((key) => b.has(key));
  const [first, second] = [a, b].map((ranks) => shared.map((key) => ranks.get(key)!));
  const difference = pairedDifference(first, second);
  console.log(
    JSON.stringify({ cases: shared.length, a: metricsOf(first), b: metricsOf(second), difference }),
  );
}
