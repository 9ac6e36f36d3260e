import { ModelUnavailable } from '../engine/errors.ts';

/** The files have the manifest's hashes, so what is wrong with them is the builder's mistake. */
export function damaged(message: string): ModelUnavailable {
  return new ModelUnavailable('manifest_damaged', message);
}

/** What `make` gives. Its RangeError says what is wrong with the files. */
export function proper<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw damaged((error as RangeError).message);
  }
}
