/** The shape of a decoder without EARN: k = N. */
import type { ModelConfig } from '../../worker/engine/config.ts';

/** Where its codes run: through all layers, as a language model's tokens do, or the last ones, as EARN's. */
export type CodesRun = 'all layers' | 'last layers';

export function shapeWithoutEarn(config: ModelConfig, codes: CodesRun = 'all layers'): ModelConfig {
  const { codeLayers, slidingWindow: _, ...shape } = config;
  const late = codes === 'last layers' && codeLayers !== undefined;
  return { ...shape, registerDepth: config.depth, localWindow: 0, ...(late && { codeLayers }) };
}
