/** Who may use a deployment: those who hold its keys, or anyone. */
import { timingSafeEqual } from 'hono/utils/buffer';
import { hashOf, idOf, isValid, KEY_PREFIX, type KeyRecord, parseKeys, principalOf } from './keys.ts';
import { anonymous, type Principal, SCOPES } from './principal.ts';
import { holderOf, isSigningKey, kidOf } from './tokens.ts';

/** Parts that are not for callers of the API. Each takes an `admin` key unless it is exposed. */
export const PARTS = ['page', 'docs', 'model', 'metrics', 'x-model'] as const;
export type Part = (typeof PARTS)[number];

/**
 * The values of `ACCESS`. `keys`: a request without a key is refused. `demo`: visitors may do what the demo
 * page does. `open`: anyone may do everything, for local development.
 */
const MODES: Record<string, { visitor: Principal | null; exposed: readonly Part[] }> = {
  keys: { visitor: null, exposed: [] },
  demo: { visitor: anonymous(['read', 'write', 'delete']), exposed: ['page', 'docs', 'model'] },
  open: { visitor: anonymous(SCOPES), exposed: PARTS },
};

export interface AccessSettings {
  ACCESS: string;
  /** Parts that are open to everyone, separated by blanks. */
  EXPOSE: string;
  API_KEYS?: string;
}

export class Access {
  /** Who sends requests without credentials; null where there is no such caller. */
  readonly visitor: Principal | null;
  private readonly exposed: ReadonlySet<string>;
  private readonly keys: ReadonlyMap<string, KeyRecord>;

  /** Throws RangeError for settings that mean nothing, so that a typing mistake opens nothing. */
  constructor({ ACCESS, EXPOSE, API_KEYS = '[]' }: AccessSettings) {
    if (!Object.hasOwn(MODES, ACCESS)) {
      throw new RangeError(`ACCESS is "${ACCESS}"; there are ${Object.keys(MODES).join(', ')}`);
    }
    const { visitor, exposed } = MODES[ACCESS];
    const named = EXPOSE.split(/\s+/).filter(Boolean);
    const wrong = named.find((name) => !PARTS.some((part) => part === name));
    if (wrong) throw new RangeError(`EXPOSE names "${wrong}"; there are ${PARTS.join(', ')}`);
    this.visitor = visitor;
    this.exposed = new Set([...exposed, ...named]);
    this.keys = new Map(parseKeys(API_KEYS).map((key) => [key.id, key]));
  }

  /** Whoever comes may do everything. */
  static open(): Access {
    return new Access({ ACCESS: 'open', EXPOSE: '' });
  }

  /** Whether there is nobody who may do anything. */
  get isClosed(): boolean {
    return this.visitor === null && this.keys.size === 0 && this.exposed.size === 0;
  }

  exposes(part: Part): boolean {
    return this.exposed.has(part);
  }

  /** The holder of a key or token; null when it is wrong, unknown, revoked or expired. */
  async holder(credentials: string): Promise<Principal | null> {
    const now = Date.now();
    const isKey = credentials.startsWith(KEY_PREFIX);
    const key = this.keys.get((isKey ? idOf(credentials) : kidOf(credentials)) ?? '');
    if (!key || !isValid(key, now)) return null;
    if (isSigningKey(key)) return isKey ? null : holderOf(credentials, key, now);
    const same = isKey && (await timingSafeEqual(await hashOf(credentials), key.hash));
    return same ? principalOf(key) : null;
  }
}
