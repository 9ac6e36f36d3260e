/**
 * Where the window of a history begins: at 0 until it is full, then in steps of half a window, so that a state
 * is a function of (history, anchor) alone and stays valid while the history grows by half a window. Between
 * half a window and a whole one is seen. Training uses the same rule (`window_start` in `scripts/train/data.py`).
 */
export function windowStart(length: number, window: number): number {
  const step = Math.floor(window / 2);
  return Math.max(0, Math.ceil((length - window) / step) * step);
}
