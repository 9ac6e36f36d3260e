/**
 * A shop's own Worker: it knows who the visitor is, and asks the recommendation service through a service
 * binding.
 */
import { earnEdge } from 'earn-edge-client';

interface Env {
  EARN: Fetcher;
}

export default {
  /**
   * `GET /films/1196`: notes that the visitor looked at the film, and answers with what to show beside it.
   */
  async fetch(request, env): Promise<Response> {
    const [, id] = /^\/films\/([^/]+)$/.exec(new URL(request.url).pathname) ?? [];
    if (id === undefined) return new Response('Not found', { status: 404 });

    // The host is only a name: the binding leads to the service.
    const earn = earnEdge('https://earn-edge', { fetch: (request) => env.EARN.fetch(request) });
    const { data, error } = await earn.POST('/v1/users/{user_id}/recommendations', {
      params: { path: { user_id: visitorOf(request) } },
      body: { items: [{ id: decodeURIComponent(id) }], k: 4 },
    });
    // A page without recommendations is better than none.
    if (error) console.warn(`${error.code}: ${error.detail}`);
    return Response.json({
      film: id,
      recommended: data?.items.map(({ id, title }) => ({ id, title })) ?? [],
    });
  },
} satisfies ExportedHandler<Env>;

/** Replace this by your login. The service believes whatever user id it is given. */
function visitorOf(request: Request): string {
  const [, visitor] = /(?:^|;\s*)visitor=([\w-]+)/.exec(request.headers.get('Cookie') ?? '') ?? [];
  return visitor ?? 'anonymous';
}
