/** Numbers and times as the page shows them. */

const NUMBER = new Intl.NumberFormat('en');
const TIME = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const DAY = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' });

export const plain = (value: number): string => NUMBER.format(value);

/** Below ten milliseconds, with one decimal. */
export function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : plain(Math.round(ms))} ms`;
}

export function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(bytes < 100_000 ? 1 : 0)} kB`;
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** The time for today, otherwise the date. */
export function moment(seconds: number): string {
  const date = new Date(seconds * 1000);
  const today = new Date().toDateString() === date.toDateString();
  return today ? TIME.format(date) : DAY.format(date);
}

/** A log-probability. */
export function percent(score: number): string {
  const value = 100 * Math.exp(score);
  return value < 0.1 ? '< 0.1 %' : `${value.toFixed(1)} %`;
}
