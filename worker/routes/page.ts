import { Hono } from 'hono';
import { etag } from 'hono/etag';
import icon from '../page/icon.svg';
import html from '../page/index.html';
import style from '../page/page.css';
import script from '../page/page.js';

/** The demo page and the files that it is made of, revalidated by their ETags. */
export const page = new Hono()
  .get('/', etag(), (c) => c.body(html, 200, file('text/html')))
  .get('/page.js', etag(), (c) => c.body(script, 200, file('text/javascript')))
  .get('/page.css', etag(), (c) => c.body(style, 200, file('text/css')))
  .get('/icon.svg', etag(), (c) => c.body(icon, 200, file('image/svg+xml')));

function file(type: string) {
  return { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-cache' };
}
