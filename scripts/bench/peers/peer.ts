/** The peers inside the bench Worker: what an answer of each takes, part by part. */

import { type ModelConfig, WEIGHTS_FILE } from '../../../worker/engine/config.ts';
import { bestItems, type ItemMask } from '../../../worker/engine/ranking.ts';
import { type Runtime, Tensor } from '../../../worker/engine/runtime.ts';
import { Trie } from '../../../worker/engine/trie.ts';
import type { AssetSource } from '../../../worker/models/files.ts';
import type { Part, PeerName, Users } from '../scenario.ts';
import { type Chosen, UsualDecoder } from './usual.ts';

export interface Peer {
  /**
   * Answers each user with `k` items they have not seen; what is made before the clock starts is made here.
   */
  prepare(users: Users, k: number, beam: number): Promise<Map<Part, () => Promise<unknown>>>;
}

/** `source` is a folder that `place.ts` wrote. */
export async function loadPeer(name: PeerName, source: AssetSource, runtime: Runtime): Promise<Peer> {
  const read = async (path: string) => (await source.read(path))!;
  const config: ModelConfig = JSON.parse(new TextDecoder().decode(await read('config.json')));
  const session = await runtime.createSession(await read('graph.onnx'), {
    [WEIGHTS_FILE]: await read(WEIGHTS_FILE),
  });
  if (name === 'usual') {
    const ids = new Uint16Array((await read('semantic-ids.bin')).buffer);
    const trie = new Trie(ids, config.levels, config.codebook);
    return usual(new UsualDecoder(session, config, trie), config);
  }
  return sasRec(async (history) => {
    const ids = new Tensor('int64', BigInt64Array.from(history, BigInt), [1, history.length]);
    const { scores } = await runtime.run(session, { item_ids: ids });
    return scores.data as Float32Array;
  }, config);
}

function usual(decoder: UsualDecoder, { items, levels }: ModelConfig): Peer {
  return {
    async prepare(users, k, beam) {
      const cases = [];
      for (const history of users) {
        const prompt = await decoder.prompt(history);
        const chosen: Chosen[] = [];
        const request = { k, beam, allowed: unseen(items, history) };
        await decoder.search(prompt, request, (each) => chosen.push(each));
        cases.push({ history, prompt, chosen, request });
      }
      type Case = (typeof cases)[number];
      return partsOf(cases, {
        answer: async ({ history, request }: Case) => decoder.search(await decoder.prompt(history), request),
        prefill: ({ history }: Case) => decoder.prompt(history),
        search: ({ prompt, request }: Case) => decoder.search(prompt, request),
        async decode({ prompt, chosen }: Case) {
          let step = prompt;
          for (const [at, each] of chosen.entries()) step = await decoder.step(step, each, at === levels - 2);
        },
      });
    },
  };
}

function sasRec(scores: (history: number[]) => Promise<Float32Array>, { items }: ModelConfig): Peer {
  return {
    async prepare(users, k) {
      const cases = [];
      for (const history of users) {
        cases.push({ history, allowed: unseen(items, history), scored: await scores(history) });
      }
      type Case = (typeof cases)[number];
      return partsOf(cases, {
        answer: async ({ history, allowed }: Case) => bestItems(await scores(history), allowed, k),
        prefill: ({ history }: Case) => scores(history),
        search: async ({ scored, allowed }: Case) => bestItems(scored, allowed, k),
      });
    },
  };
}

/** Each part for every user. */
function partsOf<Case>(cases: Case[], parts: Partial<Record<Part, (one: Case) => Promise<unknown>>>) {
  const empty = async () => {};
  return new Map<Part, () => Promise<unknown>>(
    Object.entries({ empty, ...parts }).map(([part, task]) => [
      part as Part,
      async () => {
        for (const one of cases) await task(one);
      },
    ]),
  );
}

function unseen(items: number, history: number[]): ItemMask {
  const mask = new Uint8Array(items).fill(1);
  for (const item of history) mask[item] = 0;
  return mask;
}
