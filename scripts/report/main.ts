/** `npm run report`: what became of the lists, and whether one way to make them is better. */
import { z } from 'zod';
import { defineCommand, runCommand } from '../command.ts';
import { Service } from '../import/service.ts';
import { comparisons, type Interval, LEAST_JUDGED, nameOf, reportOf } from './compare.ts';

const maker = { model: z.string(), ranker: z.string(), variant: z.string() };
const totals = z.object({
  sums: z.array(
    z.object({
      ...maker,
      bucket: z.int(),
      judged: z.int(),
      hits: z.int(),
      reciprocal: z.number(),
      clicked: z.int(),
      bought: z.int(),
    }),
  ),
  coverage: z.array(z.object({ ...maker, items: z.int() })),
});

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const between = ([low, high]: Interval) => `${percent(low)} to ${percent(high)}`;

const VERDICTS = {
  yes: 'the interval excludes zero',
  no: 'no difference that could be told from chance',
  'too early': `too early: fewer than ${LEAST_JUDGED} judged lists`,
};

const command = defineCommand({
  usage: `npm run report -- --url URL

Says what became of the lists that kept users saw: how often one of the first ten items was what they took
next, by model, ranker and variant, with 95% intervals over groups of users; and of each two, whether they
differ. A service with keys takes one with the scope admin, in the variable EARN_API_KEY. The last line
printed is a JSON object.`,
  options: {
    url: { type: 'string', value: 'URL', default: 'http://127.0.0.1:8787', description: 'the service' },
  },
  async main({ url }, { print }) {
    const found = await new Service(url).ask(totals, '/v1/outcomes');
    const makers = reportOf(found);
    const pairs = comparisons(found);
    if (makers.length === 0) print('No list was judged yet: no kept user has come back after one.');
    for (const each of makers) {
      const { judged, hit_rate, reciprocal_rank, coverage, intervals } = each;
      const range = judged < LEAST_JUDGED ? 'too early for an interval' : between(intervals.hit_rate);
      print(
        `${nameOf(each)}: hit rate ${percent(hit_rate)} (${range}), mean reciprocal ` +
          `rank ${reciprocal_rank.toFixed(3)}, ${judged} judged lists, ${coverage} different items`,
      );
    }
    for (const { first, second, difference, interval, differs } of pairs) {
      print(`${second} minus ${first}: ${percent(difference)} (${between(interval)}), ${VERDICTS[differs]}`);
    }
    print(JSON.stringify({ url, makers, comparisons: pairs }));
  },
});

if (import.meta.main) await runCommand(command);
