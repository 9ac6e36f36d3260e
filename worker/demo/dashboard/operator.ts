/** Who looks at the dashboard: requests carry the key that was typed in, kept for this tab alone. */
import { AskError, ask } from '../ask.ts';

const KEY = 'admin key';
let key = sessionStorage.getItem(KEY) ?? '';

export function takeKey(typed: string): void {
  key = typed.trim();
  sessionStorage.setItem(KEY, key);
}

export function leave(): void {
  key = '';
  sessionStorage.removeItem(KEY);
}

const withKey = (): RequestInit => (key === '' ? {} : { headers: { Authorization: `Bearer ${key}` } });

export function askJson<T>(path: string): Promise<T> {
  return ask<T>(path, withKey());
}

/** The same with a body. */
export function askWith<T>(path: string, body: unknown): Promise<T> {
  const init = withKey();
  const headers = { ...init.headers, 'Content-Type': 'application/json' };
  return ask<T>(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

export async function readMetrics(): Promise<string> {
  const response = await fetch('/metrics', withKey());
  if (response.ok) return response.text();
  const { title, code } = await response.json().catch(() => ({ title: response.statusText, code: '' }));
  throw new AskError(title, code);
}

/** The service wants another key. */
export function isRefused(error: unknown): boolean {
  return error instanceof AskError && ['unauthenticated', 'forbidden'].includes(error.code);
}
