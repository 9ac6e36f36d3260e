/** When people come, as a real log has it. */

/** A pause that ends a visit: the usual half hour of web analytics. */
const PAUSE_SECONDS = 30 * 60;

/** An event: a request that adds it and asks for a list. */
export interface Event {
  /** Seconds. */
  time: number;
  /** Number of the user's visit. */
  visit: number;
}

/** A user's events, oldest first. */
export type Pattern = Event[];

/** One user's times, in seconds, in visits. */
export function patternOf(times: readonly number[]): Pattern {
  let visit = 0;
  return times
    .toSorted((a, b) => a - b)
    .map((time, index, sorted) => {
      if (index > 0 && time - sorted[index - 1] >= PAUSE_SECONDS) visit++;
      return { time, visit };
    });
}

/**
 * A user who is there in the month that is counted: one of the visits begins in it, the others are as far
 * from it as they were. Only events from `start` to the end of the month are kept.
 */
export function placed(
  pattern: Pattern,
  start: number,
  [from, to]: [from: number, to: number],
  random: () => number,
): Pattern {
  const visit = Math.floor(random() * (pattern.at(-1)!.visit + 1));
  const shift = from + random() * (to - from) - pattern.find((event) => event.visit === visit)!.time;
  return pattern
    .map(({ time, visit }) => ({ time: time + shift, visit }))
    .filter(({ time }) => time >= start && time < to);
}
