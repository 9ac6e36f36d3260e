/**
 * A rate-limit binding as Cloudflare's machines have it: it counts in memory, in windows of the clock. That
 * of `wrangler dev` asks a Durable Object for each unit of work, which costs more than most requests.
 */
export default function limiter({ limit, period }: { limit: number; period: number }) {
  const counts = new Map<string, number>();
  let current = 0;
  return {
    async limit({ key }: { key: string }): Promise<{ success: boolean }> {
      const window = Math.floor(Date.now() / (1000 * period));
      if (window !== current) counts.clear();
      current = window;
      const count = (counts.get(key) ?? 0) + 1;
      if (count <= limit) counts.set(key, count);
      return { success: count <= limit };
    },
  };
}
