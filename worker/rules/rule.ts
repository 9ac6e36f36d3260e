/** A standing rule of the deployment: what happens to the items of a filter in every list. */
import type { Expression } from './expression.ts';

export const ACTIONS = {
  boost: 'their probability is multiplied by `factor`',
  bury: 'their probability is divided by `factor`',
  pin: 'they come first, in the order that they would have had',
  hide: 'they are in no list',
} as const;
export type Action = keyof typeof ACTIONS;

export interface Rule {
  name: string;
  action: Action;
  filter: Expression;
  /** Of boost and bury, above 1. */
  factor: number;
  /** When it holds, in milliseconds since 1970. */
  from?: number;
  until?: number;
}

/** Whether the rule holds at this time. */
export function holds({ from = -Infinity, until = Infinity }: Rule, now: number): boolean {
  return from <= now && now < until;
}
