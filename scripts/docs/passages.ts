/**
 * Passages of the documents that are generated from measurements, between comments that name them:
 *
 *     <!-- ratios -->
 *
 *     | ratio | measured |
 *
 *     <!-- end of ratios -->
 *
 * or within a line: `a state takes <!-- state_kb -->41.9 kB<!-- end -->`.
 */

const BLOCK = /(<!-- ([\w:.-]+) -->\n\n).*?(\n\n<!-- end of \2 -->)/gs;
const INLINE = /(<!-- ([\w:.-]+) -->)[^\n]*?(<!-- end -->)/g;
/** Where a line begins with a comment, Markdown ends the paragraph (CommonMark, HTML blocks). */
const AT_LINE_START = /^ {0,3}<!-- ([\w:.-]+) -->[^\n]*?<!-- end -->/m;
const MARKER = /<!-- (.*?) -->/;

/**
 * The document with its passages as `texts` has them, by name.
 * @throws an Error for a passage that `texts` does not have, and for a comment that is not part of a passage
 */
export function fillPassages(document: string, texts: Record<string, string>): string {
  const fill = (_: string, start: string, name: string, end: string) => {
    if (texts[name] === undefined) throw new Error(`nothing is known of the passage ${name}`);
    return start + texts[name] + end;
  };
  const [, first] = AT_LINE_START.exec(document) ?? [];
  if (first !== undefined)
    throw new Error(`the passage ${first} begins a line, which would end the paragraph`);
  const [, stray] = MARKER.exec(document.replace(BLOCK, '').replace(INLINE, '')) ?? [];
  if (stray !== undefined) throw new Error(`the comment ${stray} has no counterpart`);
  return document.replace(BLOCK, fill).replace(INLINE, fill);
}
