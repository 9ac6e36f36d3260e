/** workerd's inspector as far as it answers: profiles of the heap never come. */
/** Node's WebSocket takes headers, which its type (the browsers') does not know. */
const NodeWebSocket = WebSocket as unknown as new (
  url: string,
  options: { headers: Record<string, string> },
) => WebSocket;

/** A busy isolate answers late, and now and then never. */
const PATIENCE_MS = 10_000;
/** V8 collects garbage in a task of its own, which workerd runs when it has a request. */
const WAKE_MS = 50;
/** What the first collection finds to be garbage may hold on to more. */
const COLLECTIONS = 2;

/**
 * Bytes of an isolate's JavaScript heaps and of the buffers behind its typed arrays, garbage included; `url`
 * is that of its inspector. Rejects when no answer comes.
 */
export async function heapBytes(url: string): Promise<number> {
  const usage = await ask(url, 'Runtime.getHeapUsage');
  const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = usage;
  return usedSize + embedderHeapUsedSize + backingStorageSize;
}

/** The same after garbage collection. `wake` makes a request of the isolate. */
export async function heldBytes(url: string, wake: () => Promise<unknown>): Promise<number> {
  for (let time = 0; time < COLLECTIONS; time++) {
    let isDone = false;
    const collected = ask(url, 'HeapProfiler.collectGarbage').finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await wake();
      await Promise.race([collected, new Promise((resolve) => setTimeout(resolve, WAKE_MS))]);
    }
    await collected;
  }
  return heapBytes(url);
}

/** The inspector of a busy isolate hangs up now and then. */
async function ask(url: string, method: string, attempts = 5): Promise<Record<string, number>> {
  try {
    return await askOnce(url, method);
  } catch (error) {
    if (attempts === 1) throw error;
    return ask(url, method, attempts - 1);
  }
}

async function askOnce(url: string, method: string): Promise<Record<string, number>> {
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, number>>();
  // `wrangler dev` lets in nobody who does not say that he is local.
  const socket = new NodeWebSocket(url, { headers: { Origin: 'http://127.0.0.1' } });
  const late = setTimeout(() => reject(new Error('the inspector does not answer')), PATIENCE_MS);
  socket.addEventListener('open', () => socket.send(JSON.stringify({ id: 1, method })));
  socket.addEventListener('close', () => reject(new Error('the inspector hung up')));
  socket.addEventListener('error', () => reject(new Error('the inspector is not there')));
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(data);
    if (id === 1) resolve(result); // the others tell what happens
  });
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    socket.close();
  }
}
