/**
 * Reads bodies before a request counts as one in flight: who sends a byte and waits takes no place from
 * others. Reading has a deadline and a bound of memory.
 */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { callerName } from './caller.ts';
import { Problem } from './problem.ts';

/** Enough for the longest history with ids of about 100 bytes, and a small part of an isolate's 128 MB. */
export const LARGEST_BODY = 1024 * 1024;
/** A slow phone sends a megabyte in this time. */
export const BODY_DEADLINE_MS = 10_000;
/** Up to so much later: bodies that never end, and came at once, should not end and come again at once. */
export const BODY_SPREAD_MS = 2_500;
/** What unfinished bodies may hold in an isolate, and those of one caller. */
const MOST_HELD = 16 * 1024 * 1024;
const MOST_HELD_BY_ONE = MOST_HELD / 4;
/** What one holds at least, for its buffers: so there are a thousand of them at most. */
const LEAST_HELD = 16 * 1024;
/** Work of which a body counts as one unit. */
const UNIT_BYTES = 64 * 1024;

declare module 'hono' {
  interface ContextVariableMap {
    /** Of the body, if there is one. */
    bodyUnits?: number;
  }
}

export class Bodies {
  /** Bytes of unfinished bodies by caller. */
  private readonly held = new Map<string, number>();

  /** Reads the request's stream. */
  readonly control = createMiddleware(async (c, next) => {
    const { body } = c.req.raw;
    if (body === null || c.req.method === 'GET' || c.req.method === 'HEAD') return next();
    const encoding = c.req.header('Content-Encoding') ?? 'identity';
    if (encoding !== 'identity') throw unsupportedEncoding(encoding);
    if (Number(c.req.header('Content-Length')) > LARGEST_BODY) throw tooLarge();
    const bytes = await this.read(body, callerName(c));
    const units = Math.floor(bytes.length / UNIT_BYTES);
    await c.get('charge')(units);
    c.set('bodyUnits', units);
    keepBody(c, { arrayBuffer: bytes.buffer });
    await next();
  });

  private async read(body: ReadableStream<Uint8Array>, caller: string): Promise<Uint8Array<ArrayBuffer>> {
    const reader = body.getReader();
    const chunks: Uint8Array[] = [];
    let [size, held] = [0, 0];
    const { promise: late, reject } = Promise.withResolvers<never>();
    const deadline = BODY_DEADLINE_MS + BODY_SPREAD_MS * Math.random();
    const timer = setTimeout(() => reject(new Problem('body_timeout')), deadline);
    try {
      for (;;) {
        const wanted = Math.max(size, LEAST_HELD);
        this.hold(caller, wanted - held);
        held = wanted;
        const { done, value } = await Promise.race([reader.read(), late]);
        if (done) return joined(chunks, size);
        chunks.push(value);
        size += value.length;
        if (size > LARGEST_BODY) throw tooLarge();
      }
    } catch (error) {
      // Not awaited: who sends slowly would be waited for here.
      reader.cancel().catch(() => {});
      if (error instanceof Problem) throw error;
      throw new Problem('malformed_json', { detail: 'The body ended early' });
    } finally {
      clearTimeout(timer);
      this.hold(caller, -held);
    }
  }

  /** @throws {Problem} `overloaded` when unfinished bodies would hold too much */
  private hold(caller: string, bytes: number): void {
    const own = (this.held.get(caller) ?? 0) + bytes;
    const all = bytes + [...this.held.values()].reduce((sum, each) => sum + each, 0);
    if (bytes > 0 && (own > MOST_HELD_BY_ONE || all > MOST_HELD)) throw new Problem('overloaded');
    if (own > 0) this.held.set(caller, own);
    else this.held.delete(caller);
  }
}

/** Hono looks here before it reads a request's body, or makes a `Response` to turn bytes into text. */
export function keepBody({ req }: Context, body: { arrayBuffer: ArrayBuffer } | { text: string }): void {
  for (const [kind, value] of Object.entries(body)) {
    Object.assign(req.bodyCache, { [kind]: Promise.resolve(value) });
  }
}

function joined(chunks: Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

const tooLarge = () => new Problem('body_too_large', { detail: `A body may have ${LARGEST_BODY} bytes` });

/** https://www.rfc-editor.org/rfc/rfc9110#section-15.5.16 */
function unsupportedEncoding(encoding: string): Problem {
  const detail = `A body is sent as it is, without Content-Encoding: ${encoding}`;
  return new Problem('unsupported_media_type', { detail, headers: { 'Accept-Encoding': 'identity' } });
}
