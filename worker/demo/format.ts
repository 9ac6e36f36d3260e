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

/** `1 new item`, `41 items`. */
export function count(number: number, noun: string): string {
  return `${plain(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** The time for today, otherwise the date. */
export function moment(seconds: number): string {
  const date = new Date(seconds * 1000);
  const today = new Date().toDateString() === date.toDateString();
  return today ? TIME.format(date) : DAY.format(date);
}

/** Splits a title from the year at its end, which many catalogues have. */
export function splitYear(title: string): [name: string, year: string] {
  const match = /^(.+?)\s*\((\d{4})\)$/.exec(title);
  return match ? [match[1], match[2]] : [title, ''];
}
