/** What this browser remembers of its visitor across reloads and tabs. */
import type { Interaction } from './side.ts';

export interface Visitor {
  /** The user id of every request, random and anonymous. */
  user: string;
  /** Identifies the history on this device. A new history gets a new one. */
  epoch: string;
  /** Whether the model runs in this browser. */
  onDevice: boolean;
  /** The server's log as it was last seen, oldest first. */
  log: Interaction[];
  /** Added after `log` while the model ran on this device; never sent to the server. */
  own: Interaction[];
  /** Titles of everything in `log` and `own`. */
  titles: Record<string, string>;
}

const KEY = 'visitor';

let current = read() ?? newVisitor();
keep();

/** Read anew each time: another tab may have changed it. */
export function visitor(): Visitor {
  current = read() ?? current;
  return current;
}

export function remember(change: Partial<Visitor>): void {
  current = { ...visitor(), ...change };
  keep();
}

/** Starts as a new visitor. The model keeps running where it ran. */
export function newcomer(): void {
  current = { ...newVisitor(), onDevice: current.onDevice };
  keep();
}

function newVisitor(): Visitor {
  const user = crypto.randomUUID();
  return { user, epoch: crypto.randomUUID(), onDevice: false, log: [], own: [], titles: {} };
}

function read(): Visitor | undefined {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    const whole = stored.user && stored.epoch && Array.isArray(stored.log) && Array.isArray(stored.own);
    return whole && stored.titles ? stored : undefined;
  } catch {
    return undefined;
  }
}

function keep(): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Storage is full or forbidden. The page works without it until it is closed.
  }
}
