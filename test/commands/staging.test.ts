/** Wrangler inherits neither bindings nor variables, so the staging deployment repeats them. */
import { expect, test } from 'vitest';
import { unstable_readConfig } from 'wrangler';

const read = (env?: string) => unstable_readConfig({ config: 'wrangler.toml', env }, { hideWarnings: true });

test('staging has what production has, and limits of its own', () => {
  const [production, staging] = [read(), read('staging')];
  expect(staging.name).toBe(`${production.name}-staging`);
  expect(staging.vars).toEqual(production.vars);
  expect(staging.durable_objects).toEqual(production.durable_objects);
  expect(staging.kv_namespaces).toEqual(production.kv_namespaces);
  const names = (limits: { name: string; simple: unknown }[]) =>
    limits.map(({ name, simple }) => ({ name, simple }));
  expect(names(staging.ratelimits)).toEqual(names(production.ratelimits));
  const ids = [...staging.ratelimits, ...production.ratelimits].map(({ namespace_id }) => namespace_id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('no deployment has invocation logs, whose URLs have user ids', () => {
  for (const env of [undefined, 'staging']) {
    expect(read(env).observability?.logs?.invocation_logs).toBe(false);
  }
});
