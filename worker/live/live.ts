/** Models as of now: each trained model with the live catalogue and the live counts over it. */
import type { LiveCopy } from '../catalogue/live-copy.ts';
import type { CatalogueSnapshot } from '../catalogue/snapshot.ts';
import { type Borrowed, NOTHING_BORROWED } from '../memory/borrowed.ts';
import { liveRows, NO_ROWS } from '../memory/live-rows.ts';
import type { Manifest } from '../models/manifest.ts';
import type { Extension, Model } from '../models/model.ts';
import { TextNeighbours } from '../text/neighbours.ts';
import type { Copies } from './copy.ts';
import type { CountsTable } from './counts-table.ts';
import { Trending } from './trending.ts';

/** What models are extended with. */
interface Now {
  snapshot: CatalogueSnapshot;
  degraded: boolean;
  counts: CountsTable | null;
}

interface Made extends Now {
  model: Model;
  /** What follows from the catalogue alone. */
  overlay: Pick<Extension, 'manifest' | 'catalogue' | 'added'>;
  /** What new items have of the memory before anything was counted for them. */
  lent: Borrowed;
}

export class Live {
  private readonly catalogue: Pick<LiveCopy, 'read'>;
  private readonly counts: Pick<Copies<CountsTable>, 'read'>;
  private readonly made = new WeakMap<Model, Made>();
  /** What new items borrow from. */
  private readonly lenders = new WeakMap<Model, TextNeighbours>();

  constructor(catalogue: Pick<LiveCopy, 'read'>, counts: Pick<Copies<CountsTable>, 'read'>) {
    this.catalogue = catalogue;
    this.counts = counts;
  }

  /** The trained model as of now; the same one while nothing changes. Throws only what loading throws. */
  async over(loading: Promise<Model>): Promise<Model> {
    const [trained, { value: snapshot, degraded }, { value: counts }] = await Promise.all([
      loading,
      this.catalogue.read(),
      this.counts.read(),
    ]);
    const before = this.made.get(trained);
    const sameCatalogue = before?.snapshot === snapshot;
    if (sameCatalogue && before.degraded === degraded && before.counts === counts) return before.model;
    const { overlay, lent } = sameCatalogue ? before : this.overlayOf(trained, snapshot);
    const model = extended(trained, { overlay, lent }, { snapshot, degraded, counts });
    this.made.set(trained, { snapshot, degraded, counts, overlay, lent, model });
    return model;
  }

  private overlayOf(trained: Model, snapshot: CatalogueSnapshot): Pick<Made, 'overlay' | 'lent'> {
    if (snapshot.version === 0) {
      return { overlay: { catalogue: trained.catalogue, added: [] }, lent: NOTHING_BORROWED };
    }
    const { words, memory } = trained;
    const { catalogue, added } = trained.catalogue.overlaid(snapshot.records, words !== undefined);
    const texts = added.map(({ words: text }) => text);
    return {
      overlay: {
        manifest: manifestAt(trained.manifest, snapshot),
        catalogue,
        added: texts.map((text) => words!.vector(text)), // none are added without words
      },
      lent: memory && texts.length > 0 ? this.lentTo(trained, texts) : NOTHING_BORROWED,
    };
  }

  private lentTo(trained: Model, texts: string[]): Borrowed {
    const { items } = trained.catalogue;
    if (items === undefined) return NOTHING_BORROWED; // their texts are not in memory
    const lender = this.lenders.get(trained) ?? new TextNeighbours(items);
    this.lenders.set(trained, lender);
    return { ...lender.borrowed(texts), followed: trained.manifest.words?.followed ?? 0 };
  }

  /** The trained model's manifest as of now. */
  async manifest(trained: Manifest): Promise<Manifest> {
    return manifestAt(trained, (await this.catalogue.read()).value);
  }
}

function extended(
  trained: Model,
  { overlay, lent }: Pick<Made, 'overlay' | 'lent'>,
  { snapshot, degraded, counts }: Now,
): Model {
  const { catalogue } = overlay;
  const { version, rules } = snapshot;
  return trained.extended({
    ...overlay,
    memory: trained.memory?.extended(catalogue.size, counts ? liveRows(counts, catalogue) : NO_ROWS, lent),
    live: {
      version,
      degraded,
      rules,
      counts: counts?.version ?? 0,
      trending: counts ? Trending.of(counts, catalogue) : undefined,
    },
  });
}

/**
 * States of histories with new items also depend on the vectors of words. So with the first item that may be
 * new, users' states get another id, and a model that is built with other words finds none of them.
 */
function manifestAt(manifest: Manifest, { records }: CatalogueSnapshot): Manifest {
  const { words, stateId } = manifest;
  if (!words || !records.some((record) => record.words !== undefined)) return manifest;
  return { ...manifest, stateId: liveStateId(stateId, words) };
}

/** All ids that states of this model may have. */
export function stateIdsOf({ stateId, words }: Manifest): string[] {
  return words ? [stateId, liveStateId(stateId, words)] : [stateId];
}

function liveStateId(stateId: string, { vectors: [{ sha256 }] }: NonNullable<Manifest['words']>): string {
  return (BigInt(`0x${stateId}`) ^ BigInt(`0x${sha256.slice(0, stateId.length)}`))
    .toString(16)
    .padStart(stateId.length, '0');
}
