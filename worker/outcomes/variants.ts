/** Up to four ways to make lists, which a deployment holds against each other. Each user belongs to one. */
import { z } from '@hono/zod-openapi';
import { hash32 } from '../engine/hex.ts';
import { MODEL_NAMES } from '../models/rollout.ts';
import { RANKERS, type RankerName } from '../recommend/rankers/index.ts';

const variant = z.strictObject({
  name: z.string().regex(/^[\w-]{1,32}$/),
  /** @default the model that answers otherwise */
  model: z.enum(MODEL_NAMES).optional(),
  /** @default the model's */
  ranker: z.enum(Object.keys(RANKERS) as [RankerName, ...RankerName[]]).optional(),
  /** Names of the rules that hold. @default all */
  rules: z.array(z.string()).optional(),
});
export type Variant = z.infer<typeof variant>;

const variants = z
  .array(variant)
  .max(4)
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'Two have the same name');

export class Variants {
  private readonly all: Variant[];

  /** `text`: a JSON list, or empty for none. Throws RangeError that says what is wrong. */
  constructor(text: string) {
    if (text === '') {
      this.all = [];
      return;
    }
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new RangeError('VARIANTS is not JSON');
    }
    const { data, error } = variants.safeParse(json);
    if (error) {
      const [{ path, message }] = error.issues;
      throw new RangeError(`VARIANTS${path.map((key) => `/${String(key)}`).join('')}: ${message}`);
    }
    this.all = data;
  }

  /** Whether a list may say that this variant made it; lists of users without variants say ''. */
  has(name: string): boolean {
    return name === '' || this.all.some((variant) => variant.name === name);
  }

  /** The user's variant: the same one for as long as there are so many. undefined without variants. */
  async of(user: string): Promise<Variant | undefined> {
    if (this.all.length === 0) return undefined;
    return this.all[(await hash32(`variant/${user}`)) % this.all.length];
  }
}

/** Users fall into so many groups, whatever their variants: what is counted per group has an interval. */
export const BUCKETS = 64;

export async function bucketOf(user: string): Promise<number> {
  return (await hash32(`bucket/${user}`)) % BUCKETS;
}
