/** How a manifest names files. */
import * as z from 'zod/mini';

export const count = z.int().check(z.positive());
/** One file of the model's folder. */
export const file = z.strictObject({
  path: z.string().check(z.regex(/^[\w-][\w.-]*$/)),
  bytes: count,
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
});
export type ModelFile = z.infer<typeof file>;

/** One file in pieces, each at most 25 MiB (the limit of a static asset). */
export const pieces = z.array(file).check(z.minLength(1));

/** Bytes of a file in pieces. */
export function sizeOf(pieces: ModelFile[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes, 0);
}
