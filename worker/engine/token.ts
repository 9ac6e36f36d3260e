/**
 * A token is what the decoder reads of an event: the item, and where the model knows types of events, the
 * type. It is one integer, item + type * TYPE_STRIDE, with types counted from 1 and 0 for none. So without
 * types it is the item's index. `scripts/train/earn_train/events.py` has the same.
 */
export const TYPE_STRIDE = 2 ** 22;

export const itemOf = (token: number): number => token % TYPE_STRIDE;
export const typeOf = (token: number): number => Math.floor(token / TYPE_STRIDE);
