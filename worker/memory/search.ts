/** Where `value` stands in `sorted`, which ascends from `low` up to `high`, by binary search; else -1. */
export function placeOf(
  sorted: Int32Array | Uint16Array | Uint32Array,
  value: number,
  low = 0,
  high = sorted.length,
): number {
  const end = high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low < end && sorted[low] === value ? low : -1;
}
