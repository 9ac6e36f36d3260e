/** The curl commands that the documents show, as a reader pastes them into a shell. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

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

/** An `npm run` of a shell block, as a program and its arguments. */
export interface NpmCommand {
  script: string;
  args: string[];
}

/** Those of the shell block that has `text`. `npm start` is a script as well. */
export function npmCommandsOf(path: string, text: string): NpmCommand[] {
  const blocks = [...readFileSync(path, 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block);
  const lines = blocks
    .find((block) => block.includes(text))!
    .trimEnd()
    .split('\n');
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  return lines.map((line) => {
    const [, name, args] = /^npm (?:run )?(\S+) -- (.+)$/.exec(line)!;
    return { script: resolve(scripts[name].replace(/^node /, '')), args: args.split(' ') };
  });
}
