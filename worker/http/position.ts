/**
 * The name of one interaction of a user, as a token that clients hand back unread: its position in the log,
 * and how the log's epoch begins. Positions are not given again, but a user who was deleted has a new log; a
 * late request must not take something back from it.
 */
import { z } from '@hono/zod-openapi';
import type { Place } from '../history/log.ts';

const POSITION = /^([1-9][0-9]{0,14})-([0-9a-f]{8})$/;
const LOG_DIGITS = 8;

/** Exactly what `encodePosition` makes. */
export const interactionPosition = z
  .string()
  .regex(POSITION, 'Not a position that this service gave')
  .openapi({ description: 'Which interaction of the user is meant' });

export function encodePosition(position: number, epoch: string): string {
  return `${position}-${epoch.slice(0, LOG_DIGITS)}`;
}

export function decodePosition(text: string): Place {
  const [, position, log] = POSITION.exec(text)!;
  return { position: Number(position), log };
}
