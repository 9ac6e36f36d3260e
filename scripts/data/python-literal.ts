/** A token of a Python literal: a string in either kind of quotes, a constant, or anything in between. */
const TOKEN = /[uU]?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|\b(None|True|False)\b|[^'"\w]+|[\w.+-]+/g;
const NAMES: Record<string, string> = { None: 'null', True: 'true', False: 'false' };
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/g;
const CONTROLS: Record<string, string> = { n: '\n', r: '\r', t: '\t', 0: '\0' };

/**
 * The value that Python's `repr` wrote, of what JSON can hold: dicts, lists, strings, numbers, None, True,
 * False. Undefined when the text is something else.
 * @see https://docs.python.org/3/reference/lexical_analysis.html#literals
 */
export function parsePythonLiteral(text: string): unknown {
  const json = text.replace(TOKEN, (token, string?: string, name?: string) => {
    if (string !== undefined) return JSON.stringify(unescaped(string.slice(1, -1)));
    return name === undefined ? token : NAMES[name];
  });
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function unescaped(text: string): string {
  return text.replace(ESCAPE, (_, byte?: string, short?: string, long?: string, other?: string) => {
    const code = byte ?? short ?? long;
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
    return CONTROLS[other!] ?? other!;
  });
}
