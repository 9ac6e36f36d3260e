/** workerd's inspector as far as it answers: profiles of the heap never come. */
import { once } from 'node:events';

/** Node's WebSocket takes headers, which its type (the browsers') does not know. */
const NodeWebSocket = WebSocket as unknown as new (
  url: string,
  options: { headers: Record<string, string> },
) => WebSocket;

/**
 * Bytes of an isolate's JavaScript heaps and of the buffers behind its typed arrays; `url` is that of its
 * inspector.
 */
export async function heapBytes(url: string): Promise<number> {
  // `wrangler dev` lets in nobody who does not say that he is local.
  const socket = new NodeWebSocket(url, { headers: { Origin: 'http://127.0.0.1' } });
  await once(socket, 'open');
  const answer = new Promise<Record<string, number>>((resolve) => {
    socket.addEventListener('message', ({ data }) => {
      const { id, result } = JSON.parse(data);
      if (id === 1) resolve(result); // the others tell what happens
    });
  });
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.getHeapUsage' }));
  const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await answer;
  socket.close();
  return usedSize + embedderHeapUsedSize + backingStorageSize;
}
