import type { LiveCatalogue } from './catalogue-object.ts';
import type { CatalogueChange } from './changes.ts';
import type { ItemChange } from './record.ts';
import type { CatalogueSnapshot } from './snapshot.ts';
import { type CatalogueTruth, CatalogueUnavailable, type Changed, type RuleChange } from './truth.ts';

/** The one object of the deployment. */
const NAME = 'catalogue';

/** The truth behind the Durable Object binding. */
export class DurableTruth implements CatalogueTruth {
  private readonly objects: DurableObjectNamespace<LiveCatalogue>;

  constructor(objects: DurableObjectNamespace<LiveCatalogue>) {
    this.objects = objects;
  }

  change(known: number, items: ItemChange[], rules: RuleChange[] = []): Promise<Changed> {
    return this.ask<Changed>(async (object) => object.change(known, items, rules));
  }

  all(): Promise<CatalogueSnapshot> {
    return this.ask<CatalogueSnapshot>(async (object) => object.all());
  }

  changes(): Promise<CatalogueChange[]> {
    return this.ask<CatalogueChange[]>(async (object) => object.changes());
  }

  republish(): Promise<boolean> {
    return this.ask(async (object) => object.republish());
  }

  private async ask<T>(call: (object: DurableObjectStub<LiveCatalogue>) => Promise<T>): Promise<T> {
    try {
      return await call(this.objects.getByName(NAME));
    } catch (cause) {
      throw new CatalogueUnavailable('the live catalogue can not be reached', { cause });
    }
  }
}
