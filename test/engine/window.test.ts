import { expect, test } from 'vitest';
import { windowStart } from '../../worker/engine/window.ts';

test.each([
  [0, 0],
  [512, 0],
  [513, 256],
  [768, 256],
  [769, 512],
])('a history of %i items is looked at from item %i', (length, start) => {
  expect(windowStart(length, 512)).toBe(start);
});

test('the anchor moves once in half a window, and half to a whole window is seen', () => {
  const starts = Array.from({ length: 5000 }, (_, length) => windowStart(length, 512));
  for (let length = 513; length < starts.length; length++) {
    const seen = length - starts[length];
    expect(seen > 256 && seen <= 512).toBe(true);
  }
  expect(new Set(starts).size).toBe(Math.ceil((5000 - 512) / 256) + 1);
});
