/**
 * Someone who changes the live catalogue while users ask for lists, one change after another, beside a
 * catalogue in memory that says what each version of it holds.
 */
import { MemoryTruth } from '../../../worker/catalogue/memory-truth.ts';
import type { ItemChange, ItemFields } from '../../../worker/catalogue/record.ts';
import { type CatalogueSnapshot, NOTHING_SAID } from '../../../worker/catalogue/snapshot.ts';
import type { RuleChange } from '../../../worker/catalogue/truth.ts';
import type { Rule } from '../../../worker/rules/rule.ts';
import type { Ask, Client } from './client.ts';

/** Items that no model was trained with. */
export const NEW_ITEMS = ['n1', 'n2', 'n3', 'n4'];
const RULES = ['summer', 'winter', 'sale'];

type Request = Pick<Ask, 'method' | 'path' | 'body'>;

/** A change, the request that asks for it, and what it must be answered. */
interface Plan extends Request {
  items: ItemChange[];
  rules: RuleChange[];
}

export class Shop {
  private readonly client: Client;
  private readonly stored: () => Promise<CatalogueSnapshot>;
  private readonly below: (limit: number) => number;
  private readonly said = new MemoryTruth();
  /** Every version up to `last` and after the one before holds this. */
  private readonly versions: { last: number; snapshot: CatalogueSnapshot }[] = [
    { last: 0, snapshot: NOTHING_SAID },
  ];
  /** What the change that is under way leads to. */
  private next: CatalogueSnapshot | undefined;

  /** `stored`: what the object has. */
  constructor(client: Client, stored: () => Promise<CatalogueSnapshot>, below: (limit: number) => number) {
    this.client = client;
    this.stored = stored;
    this.below = below;
  }

  /** The newest version that was accepted. */
  get version(): number {
    return this.versions.at(-1)!.last;
  }

  /** What lists of this version are made of; undefined for a version that never was. */
  at(version: number): CatalogueSnapshot | undefined {
    return this.versions.find(({ last }) => version <= last)?.snapshot ?? this.next;
  }

  /** `trained`: ids that the deployed model was trained with. */
  async act(tenant: string, isolate: number, trained: ReadonlySet<string>): Promise<void> {
    const plan = this.plan(trained);
    const { records } = await this.said.change(0, plan.items, plan.rules);
    this.next = await this.said.all();
    const answer = await this.client.insist({ tenant, isolate, ...plan });
    const stored = await this.stored();
    this.versions.push({ last: stored.version, snapshot: this.next });
    const { method, path } = plan;
    const expected = records.includes(null) ? 404 : method === 'DELETE' ? 204 : 200;
    const said = `${method} ${path} ${JSON.stringify(plan.body)}`;
    if (answer.status !== expected) this.client.wrong(`${said} was answered ${answer.status}`);
    if (!sameSnapshot(stored, this.next)) this.client.wrong(`after ${said} the catalogue is another one`);
    this.next = undefined;
    await this.look(tenant, answer.isolate);
  }

  /** A change is at once in the lists of the isolate that answered it. */
  private async look(tenant: string, isolate: number): Promise<void> {
    const [app, { version }] = [this.client.isolates[isolate], this];
    const ask = { tenant, isolate, method: 'POST', path: '/v1/recommendations', body: { history: ['1'] } };
    const { status, body } = await this.client.ask(ask);
    if (status !== 200 || this.client.isolates[isolate] !== app) return;
    if (body.catalogue.version < version) {
      this.client.wrong(`a list of version ${body.catalogue.version}, after version ${version} was answered`);
    }
  }

  private plan(trained: ReadonlySet<string>): Plan {
    const known = (id: string) => trained.has(id);
    const id = this.id();
    const path = `/v1/items/${id}`;
    const nothing = { items: [], rules: [] };
    switch (this.below(8)) {
      case 0:
        return { ...nothing, method: 'DELETE', path, items: [{ kind: 'delete', id, known: known(id) }] };
      case 1: {
        const items = Array.from({ length: 1 + this.below(4) }, () => ({ id: this.id(), ...this.fields() }));
        const puts = items.map(({ id, ...fields }): ItemChange => ({ kind: 'put', id, fields }));
        return { ...nothing, method: 'PUT', path: '/v1/items:batch', body: { items }, items: puts };
      }
      case 2:
      case 3: {
        const rule = this.rule();
        const { name, ...body } = rule;
        const rules: RuleChange[] = [{ kind: 'put', rule }];
        return { ...nothing, method: 'PUT', path: `/v1/rules/${name}`, body, rules };
      }
      case 4: {
        const name = RULES[this.below(RULES.length)];
        const rules: RuleChange[] = [{ kind: 'delete', name }];
        return { ...nothing, method: 'DELETE', path: `/v1/rules/${name}`, rules };
      }
      case 5: {
        const body = this.fields();
        return { ...nothing, method: 'PUT', path, body, items: [{ kind: 'put', id, fields: body }] };
      }
      default: {
        const body = this.fields();
        const items: ItemChange[] = [{ kind: 'patch', id, known: known(id), fields: body }];
        return { ...nothing, method: 'PATCH', path, body, items };
      }
    }
  }

  private id(): string {
    return this.below(3) === 0 ? NEW_ITEMS[this.below(NEW_ITEMS.length)] : String(1 + this.below(12));
  }

  private fields(): ItemFields {
    const some = <T>(values: T[]) => values[this.below(values.length)];
    return {
      title: `A film of ${1990 + this.below(30)}`,
      ...(this.below(2) === 0 && { available: some([true, false, null]) }),
      ...(this.below(3) === 0 && { categories: some([['Drama'], ['Western', 'Comedy'], null]) }),
      ...(this.below(2) === 0 && { properties: some([{ price: this.below(20) }, { price: null }, null]) }),
    };
  }

  private rule(): Rule {
    const some = <T>(values: T[]) => values[this.below(values.length)];
    return {
      name: some(RULES),
      action: some(['boost', 'bury', 'pin', 'hide']),
      filter: some([{ id: this.id() }, { price: { lte: 9 } }, { categories: 'Western' }, { new: true }]),
      factor: 2 + this.below(5),
    };
  }
}

function sameSnapshot(a: CatalogueSnapshot, b: CatalogueSnapshot): boolean {
  const text = ({ records, rules }: CatalogueSnapshot) =>
    JSON.stringify([records, rules.map(Object.entries)]);
  return text(a) === text(b);
}
