/** From nothing to the first answer. */
import type { Manifest } from '../../worker/models/manifest.ts';
import type { Scenario } from './scenario.ts';
import { median } from './statistics.ts';
import { cost, Workerd } from './workerd.ts';

const TIMES = 5;

/** Milliseconds; medians of several starts. */
export interface ColdStart {
  /** Compiling and running the script, with the runtime's binary: a start less that of an empty Worker. */
  script: number;
  /** The runtime's own start: instantiating its binary, which a first empty graph asks for. */
  wasm: number;
  /** Reading and checking files, the trie of semantic IDs. */
  files: number;
  sessions: number;
  /** The first answer, cold, after all that. */
  answer: number;
  total: number;
}

/** `models` as `Workerd.start` takes it; `user` is who asks first, for a list by the model's own ranker. */
export async function coldStart(
  script: string,
  models: string,
  user: number[],
  ranker: Manifest['ranker'],
): Promise<ColdStart> {
  const nothing = 'export default { fetch: () => Response.json(null) };';
  const starts: ColdStart[] = [];
  for (let i = 0; i < TIMES; i++) {
    const empty = await Workerd.start(nothing, models);
    await empty.stop();
    starts.push(await oneStart(script, models, { user, ranker }, spent(empty, 'answered')));
  }
  const of = (stage: keyof ColdStart) => median(starts.map((start) => start[stage]));
  const stages = { script: of('script'), wasm: of('wasm'), files: of('files'), sessions: of('sessions') };
  return { ...stages, answer: of('answer'), total: of('total') };
}

async function oneStart(
  script: string,
  models: string,
  { user, ranker }: { user: number[]; ranker: Manifest['ranker'] },
  empty: number,
): Promise<ColdStart> {
  const workerd = await Workerd.start(script, models);
  try {
    await workerd.call({ do: 'load', model: 'earn' });
    const scenario: Scenario = {
      variant: 'cold',
      model: 'earn',
      ranker: ranker === 'counts' ? 'latent' : ranker, // counting runs no decoder
      history: user.length,
      fresh: null,
      beam: 20,
    };
    const { time } = await workerd.call({ do: 'first', scenario, user });
    const stages = {
      script: Math.max(0, spent(workerd, 'answered') - empty),
      wasm: spent(workerd, 'wasm'),
      files: spent(workerd, 'files'),
      sessions: spent(workerd, 'sessions'),
      answer: cost(time),
    };
    return { ...stages, total: Object.values(stages).reduce((sum, stage) => sum + stage, 0) };
  } finally {
    await workerd.stop();
  }
}

/** Time that ended in marks of this name, each counted from the mark before it. */
function spent({ marks }: Workerd, event: string): number {
  return marks.reduce(
    (sum, mark, at) => sum + (mark.event === event ? cost(mark) - cost(marks[at - 1]) : 0),
    0,
  );
}
