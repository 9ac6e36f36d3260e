import type { Ranker } from './ranker.ts';

/** Items like the newest one of the history. The item itself is never among them. */
export const similar: Ranker = {
  description: 'items like the newest one of the history; cosines, from -1 to 1',
  needsState: false,
  usesMemory: false,
  boostable: false,
  async rank({ model, history, allowed, k }) {
    return (await model.itemTable()).nearest(history.at(-1)!, allowed, k);
  },
};
