import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { ModelUnavailable } from '../../worker/engine/errors.ts';
import { FakeModel } from './fake-model.ts';
import { fakeService, serviceOf } from './helpers.ts';

const { app } = fakeService();

const PAGES = ['/', '/playground', '/dashboard'];

test.each(PAGES)('%s comes with its own script, style and icon, and asks nobody else', async (path) => {
  const html = await (await app.request(path)).text();
  const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]);
  expect(links).toContain(path === '/' ? '/page.js' : `${path}.js`);
  for (const link of links) {
    const response = await app.request(link);
    expect(response.status, link).toBe(200);
    expect(await response.text()).not.toBe('');
  }
});

test.each(PAGES)('%s may run no script but its own file', async (path) => {
  const html = await (await app.request(path)).text();
  expect(html).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|\sstyle=/);
  const policy = (await app.request(path)).headers.get('Content-Security-Policy');
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(policy).toContain("worker-src 'self'");
  expect(policy).toContain("require-trusted-types-for 'script'; trusted-types device");
  expect(policy).not.toContain('unsafe');
});

test('the page has the words of the model, says what it is to other sites, and works without one', async () => {
  const html = await (await app.request('/')).text();
  expect(html).toContain('<html lang="en" data-noun="film"');
  expect(html).toMatch(/<meta name="description" content="[^"]*film/);
  expect(html).toMatch(/<meta property="og:title" content="[^"]+">/);
  expect(html).toContain('<noscript>');
  const { app: broken } = serviceOf(() => Promise.reject(new ModelUnavailable('asset_missing', 'gone')));
  const page = await broken.request('/');
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('data-noun="item"');
});

test('words of a model are text, whatever is in them', async () => {
  const model = new FakeModel();
  Object.assign(model.manifest, { noun: '"><script>alert(1)</script>' });
  const { app } = serviceOf(async () => model);
  expect(await (await app.request('/')).text()).not.toContain('<script>alert');
});

test('heading, note, colour and examples are those of the model; pictures may come from where it says', async () => {
  const model = new FakeModel();
  const page = {
    heading: 'What to brew next',
    note: 'Fresh & "hot"',
    colour: '#0b7a4b',
    images: ['https://cdn.tea.example'],
    examples: [{ name: 'Green', items: ['1', '2'] }],
  };
  Object.assign(model.manifest, { noun: 'tea', page });
  const { app } = serviceOf(async () => model);
  const response = await app.request('/');
  const html = await response.text();
  expect(html).toContain(
    'data-noun="tea" data-heading="What to brew next" data-note="Fresh &amp; &quot;hot&quot;"',
  );
  expect(html).toContain('data-colour="#0b7a4b" data-examples="[{&quot;name&quot;:&quot;Green&quot;');
  expect(html).toContain('<title>What to brew next</title>');
  const usual = (await fakeService().app.request('/')).headers.get('Content-Security-Policy')!;
  expect(response.headers.get('Content-Security-Policy')).toBe(
    usual.replace("img-src 'self'", "img-src 'self' https://cdn.tea.example"),
  );
});

const DEVICE_SCRIPTS = ['/device.js', '/device-webgpu.js'];

test.each(DEVICE_SCRIPTS)('%s alone may compile WebAssembly, also once it is cached', async (path) => {
  const fresh = await app.request(path);
  const again = await app.request(path, { headers: { 'If-None-Match': fresh.headers.get('ETag')! } });
  expect(again.status).toBe(304);
  for (const { headers } of [fresh, again]) {
    expect(headers.get('Content-Security-Policy')).toBe(
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; require-trusted-types-for 'script'",
    );
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
  }
});

test.each(DEVICE_SCRIPTS)('the runtime that %s asks for is there, for good', async (path) => {
  const [url] = /\/runtime\/[\w.-]+/.exec(await (await app.request(path)).text())!;
  const response = await app.request(url, {}, env);
  expect(response.status).toBe(200);
  expect(response.headers.get('Content-Type')).toBe('application/wasm');
  expect(response.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect([...bytes.subarray(0, 4)]).toEqual([0, ...new TextEncoder().encode('asm')]);
});

test.each([
  ['/', 'text/html'],
  ['/playground', 'text/html'],
  ['/dashboard', 'text/html'],
  ['/dashboard.js', 'text/javascript'],
  ['/dashboard.css', 'text/css'],
  ['/page.js', 'text/javascript'],
  ['/playground.js', 'text/javascript'],
  ['/offline.js', 'text/javascript'],
  ['/device.js', 'text/javascript'],
  ['/device-webgpu.js', 'text/javascript'],
  ['/page.css', 'text/css'],
  ['/playground.css', 'text/css'],
  ['/docs', 'text/html'],
  ['/docs.css', 'text/css'],
  ['/docs.js', 'text/javascript'],
  ['/icon.svg', 'image/svg+xml'],
])('%s is %s and revalidated by its ETag', async (path, type) => {
  const response = await app.request(path);
  expect(response.headers.get('Content-Type')).toBe(`${type}; charset=utf-8`);
  expect(response.headers.get('Cache-Control')).toBe('no-cache');
  const headers = { 'If-None-Match': response.headers.get('ETag')! };
  expect((await app.request(path, { headers })).status).toBe(304);
});

test('every answer has a request id and safe headers', async () => {
  for (const path of ['/', '/healthz', '/nothing']) {
    const { headers } = await app.request(path);
    expect(headers.get('X-Request-Id')).toMatch(/^[\w-]{36}$/);
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('X-Frame-Options')).toBe('DENY');
  }
});
