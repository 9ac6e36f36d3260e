/** workerd's inspector as far as it answers: profiles of the heap never come. */
/** Node's WebSocket takes headers, which its type (the browsers') does not know. */
const NodeWebSocket = WebSocket as unknown as new (
  url: string,
  options: { headers: Record<string, string> },
) => WebSocket;

/** A busy isolate answers late, and now and then never. */
const PATIENCE_MS = 10_000;

/**
 * Bytes of an isolate's JavaScript heaps and of the buffers behind its typed arrays; `url` is that of its
 * inspector. Rejects when no answer comes.
 */
export async function heapBytes(url: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, number>>();
  // `wrangler dev` lets in nobody who does not say that he is local.
  const socket = new NodeWebSocket(url, { headers: { Origin: 'http://127.0.0.1' } });
  const late = setTimeout(() => reject(new Error('the inspector does not answer')), PATIENCE_MS);
  socket.addEventListener('open', () =>
    socket.send(JSON.stringify({ id: 1, method: 'Runtime.getHeapUsage' })),
  );
  socket.addEventListener('close', () => reject(new Error('the inspector hung up')));
  socket.addEventListener('error', () => reject(new Error('the inspector is not there')));
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(data);
    if (id === 1) resolve(result); // the others tell what happens
  });
  try {
    const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await promise;
    return usedSize + embedderHeapUsedSize + backingStorageSize;
  } finally {
    clearTimeout(late);
    socket.close();
  }
}
