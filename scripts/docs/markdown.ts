export function markdownTable(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A number from 0 to 1 as papers write it: `.1836`. */
export const share = (value: number, digits = 4): string => value.toFixed(digits).replace(/^(-?)0\./, '$1.');

/** `12,345` or `12.3`. */
export const count = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

export const bold = (text: string): string => `**${text}**`;
