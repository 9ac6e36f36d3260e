/** The curl commands that the documents show, as a reader pastes them into a shell. */
import { readFileSync } from 'node:fs';

export interface Command {
  /** Where it stands: `docs/api.md:9`. */
  place: string;
  text: string;
  /** Of the answer that the next code block shows, if that is a problem. */
  status: number | undefined;
}

/** Every curl in the shell blocks of a Markdown file. */
export function commandsOf(path: string): Command[] {
  const text = readFileSync(path, 'utf8');
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)];
  return blocks.flatMap(({ 1: language, 2: block, index }, place) => {
    if (language !== 'sh') return [];
    const line = text.slice(0, index).split('\n').length;
    const answer = blocks[place + 1]?.[1] === 'json' ? blocks[place + 1][2] : '';
    const status = /"status": (\d{3})\b/.exec(answer)?.[1];
    return curlsOf(block).map((text) => ({
      place: `${path}:${line}`,
      text,
      status: status === undefined ? undefined : Number(status),
    }));
  });
}

/** A command goes on behind a backslash at the end of its line. */
function curlsOf(block: string): string[] {
  return block.split(/(?<!\\)\n/).filter((command) => command.startsWith('curl '));
}
