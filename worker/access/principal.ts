/** Who sends a request, and what they may do. */

/**
 * `read`: lists, catalogue, users' histories. `write`: add interactions, change the catalogue. `delete`:
 * forget users. `admin`: operate the service.
 */
export const SCOPES = ['read', 'write', 'delete', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** The tenant of logs from before there were tenants, and of everybody who needs none. */
export const DEFAULT_TENANT = 'default';

export interface Principal {
  /** Whose users these are: two tenants never see each other's. */
  tenant: string;
  /** Id of the key; empty for a caller without one. */
  key: string;
  may: readonly Scope[];
  /** The users whom the caller may name: one, or all whose ids begin with this. */
  users: { only: string } | { prefix: string };
}

/** Anyone, with these scopes, as far as no key is asked for. */
export function anonymous(may: readonly Scope[]): Principal {
  return { tenant: DEFAULT_TENANT, key: '', may, users: { prefix: '' } };
}

/** Whether the caller may name this user. */
export function owns({ users }: Principal, user: string): boolean {
  return 'only' in users ? user === users.only : user.startsWith(users.prefix);
}

/** Whether the caller may name some users only. */
export function isConfined({ users }: Principal): boolean {
  return 'only' in users || users.prefix !== '';
}

/**
 * The user's name in logs and caches: no two users of any tenants share one. Names with a leading NUL belong
 * to tenants. A user of the default tenant has the id alone, as in logs from before there were tenants.
 */
export function storedName(tenant: string, user: string): string {
  return tenant === DEFAULT_TENANT && !user.startsWith('\0') ? user : `\0${tenant}\0${user}`;
}

/** The id under which the tenant knows the user of this stored name; undefined for another tenant's. */
export function ownName(tenant: string, stored: string): string | undefined {
  const prefix = storedName(tenant, '');
  if (!stored.startsWith(prefix)) return undefined;
  const user = stored.slice(prefix.length);
  return storedName(tenant, user) === stored ? user : undefined;
}
