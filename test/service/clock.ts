import { vi } from 'vitest';

const realTimeout = setTimeout;

/** Lets the code that runs now get as far as it can: hashes are made outside of JavaScript. */
const breathe = () => new Promise((resolve) => realTimeout(resolve));

/** A clock that tests turn: `Date` and `setTimeout`. `vi.useRealTimers()` ends it. */
export function fakeClock() {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  return {
    /** Lets this much time pass, and what is due happen. */
    async pass(ms: number): Promise<void> {
      await vi.advanceTimersByTimeAsync(ms);
      await breathe();
    },
    /** Lets time pass until the promise has settled, a quarter of a second at a time. */
    async until<T>(promise: Promise<T>): Promise<T> {
      let settled = false;
      const done = () => {
        settled = true;
      };
      promise.then(done, done);
      for (;;) {
        await breathe();
        if (settled) break;
        vi.advanceTimersByTime(250);
      }
      return promise;
    },
  };
}
