/** Where the live catalogue is kept, as the rest of the service sees it. */
import type { Rule } from '../rules/rule.ts';
import type { CatalogueChange } from './changes.ts';
import type { ItemChange, ItemRecord } from './record.ts';
import type { CatalogueSnapshot } from './snapshot.ts';

export type RuleChange = { kind: 'put'; rule: Rule } | { kind: 'delete'; name: string };

export interface Changed {
  /** Of each change, the record after it; null where there was nothing to change. */
  records: (ItemRecord | null)[];
  /** Of each rule's change, whether there was such a rule. */
  rules: boolean[];
  /** How many records differ from before. */
  changed: number;
  /** All that has changed since the version that the caller has, by whomever. */
  since: CatalogueSnapshot;
}

/** Every method throws CatalogueUnavailable when the truth can't be reached. */
export interface CatalogueTruth {
  /** All or none of the changes are stored durably when this resolves. `known`: the caller's version. */
  change(known: number, items: ItemChange[], rules?: RuleChange[]): Promise<Changed>;
  /** Everything as it is now. */
  all(): Promise<CatalogueSnapshot>;
  /** The latest changes, newest first. */
  changes(): Promise<CatalogueChange[]>;
  /**
   * Publishes again what was lost from where isolates read it. Resolves to whether there is anything that
   * they should find.
   */
  republish(): Promise<boolean>;
}

/** The live catalogue can't be changed now; lists go on with what was read last. */
export class CatalogueUnavailable extends Error {
  override readonly name = 'CatalogueUnavailable';
}
