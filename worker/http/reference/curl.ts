import type { RegisteredOperation } from './operations.ts';

/** An operation's example as it is sent. */
export interface ExampleRequest {
  /** Path and query. */
  target: string;
  headers: [name: string, value: string][];
  body?: string;
}

/** The request that the examples of the operation's parameters and body make. */
export function exampleRequest(path: string, operation: RegisteredOperation): ExampleRequest {
  const query = new URLSearchParams();
  const headers: ExampleRequest['headers'] = [];
  let filled = path;
  for (const parameter of operation.parameters ?? []) {
    if (!('name' in parameter) || parameter.example === undefined) continue;
    const { name, example } = parameter;
    if (parameter.in === 'path') filled = filled.replace(`{${name}}`, encodeURIComponent(example));
    else if (parameter.in === 'header') headers.push([name, example]);
    else for (const value of [example].flat()) query.append(name, value);
  }
  const body = bodyOf(operation);
  if (body !== undefined) headers.push(['Content-Type', 'application/json']);
  return { target: filled + (query.size > 0 ? `?${query}` : ''), headers, body };
}

/** The example as a command for a shell: `curl -s 'https://…' -d '{…}'`. */
export function curlOf(origin: string, method: string, path: string, operation: RegisteredOperation): string {
  const { target, headers, body } = exampleRequest(path, operation);
  const usual = body === undefined ? 'get' : 'post'; // curl's own choice
  const verb = method === usual ? '' : `-X ${method.toUpperCase()} `;
  const options = headers.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`);
  if (body !== undefined) options.push(`-d ${quote(body)}`);
  return [`curl -s ${verb}${quote(origin + target)}`, ...options].join(' \\\n  ');
}

/** JSON of the example of the request's body, if it has one. */
function bodyOf({ requestBody }: RegisteredOperation): string | undefined {
  if (!requestBody || !('content' in requestBody)) return undefined;
  return JSON.stringify(requestBody.content['application/json']?.example);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
