/** A decoder whose attention can be read. */
import { WEIGHTS_FILE } from '../engine/config.ts';
import type { Decoder, HistoryState, Runs } from '../engine/decoder.ts';
import type { Fetches, Runtime } from '../engine/runtime.ts';
import { readPieces } from '../models/files.ts';
import { EarnModel } from '../models/model.ts';
import { type AttentionLayer, attentionOf, withAttention } from './attention.ts';
import type { Download } from './download.ts';

export class Watched {
  readonly model: EarnModel;
  /** The same model without its memory. */
  readonly alone: EarnModel;
  private readonly prefilling: (runs: Runs) => Decoder;

  private constructor(model: EarnModel, prefilling: Watched['prefilling']) {
    const { manifest, catalogue, trie, decoder, events } = model;
    this.model = model;
    this.alone = new EarnModel({ manifest, catalogue, trie, decoder, events, table: model.itemTable() });
    this.prefilling = prefilling;
  }

  /** `download`: where the model came from. */
  static async load(model: EarnModel, runtime: Runtime, download: Download): Promise<Watched> {
    const { graphs, shards, config } = model.manifest;
    const weights = { [WEIGHTS_FILE]: await readPieces(download, shards) };
    const graph = withAttention((await download.read(graphs.prefill.path))!, config.depth);
    const session = await runtime.createSession(graph, weights);
    return new Watched(model, (runs) => model.decoder.withPrefill(session, runs));
  }

  /** The state of a history, and what S attended to in each layer. */
  async prefill(
    vectors: Float32Array,
    runs: Runs,
  ): Promise<{ state: HistoryState; layers: AttentionLayer[] }> {
    let seen: Fetches = {};
    const watching: Runs = {
      run: async (session, feeds) => {
        seen = await runs.run(session, feeds);
        return seen;
      },
      release: (session) => runs.release(session),
    };
    const state = await this.prefilling(watching).prefill(vectors);
    return { state, layers: attentionOf(seen, this.model.manifest.config, state.length) };
  }
}
