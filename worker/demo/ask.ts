/** An answer of the service that is none: a problem (RFC 9457) with its code. */
export class AskError extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** JSON from the service. @throws {AskError} with the detail of the problem in the answer */
export async function ask<T>(url: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url, init);
  if (response.status === 204) return undefined as T;
  if (response.ok) return response.json();
  const { title, detail, code, request_id } = await response
    .json()
    .catch(() => ({ title: response.statusText, code: String(response.status) }));
  const reason = detail && detail !== title ? `${title}: ${detail}` : title;
  throw new AskError(request_id ? `${reason} (request ${request_id})` : reason, code);
}

/** fetch throws this when there is no response at all. */
export const isOutage = (error: unknown): boolean => error instanceof TypeError;

export function messageOf(error: unknown): string {
  if (isOutage(error)) return 'The service can’t be reached.';
  return error instanceof Error ? error.message : String(error);
}
