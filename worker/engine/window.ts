/**
 * Where the context window of a history begins (the anchor): at 0 until the window is full, then it moves in
 * steps of half a window. So a state is a function of history and anchor alone, and stays valid while the
 * history grows by half a window; between half a window and a whole one is read. Training has the same rule
 * (`window_start` in `scripts/train/earn_train/data.py`).
 */
export function windowStart(length: number, window: number): number {
  const step = Math.floor(window / 2);
  return Math.max(0, Math.ceil((length - window) / step) * step);
}
