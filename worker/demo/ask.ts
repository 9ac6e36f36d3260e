/** JSON from the service. Throws an Error with the detail of the problem in the answer. */
export async function ask<T>(url: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url, init);
  if (response.status === 204) return undefined as T;
  if (response.ok) return response.json();
  const { title, detail, request_id } = await response.json().catch(() => ({ title: response.statusText }));
  const reason = detail && detail !== title ? `${title}: ${detail}` : title;
  throw new Error(request_id ? `${reason} (request ${request_id})` : reason);
}

export function messageOf(error: unknown): string {
  // fetch throws this when there is no response at all.
  if (error instanceof TypeError) return 'The service can’t be reached. Is there a connection?';
  return error instanceof Error ? error.message : String(error);
}
