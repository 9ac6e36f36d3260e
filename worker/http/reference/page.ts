/** The reference as a page: the OpenAPI document in HTML. Only trying things out needs its script. */
import { html } from 'hono/html';
import { curlOf, type ExampleRequest, exampleRequest } from './curl.ts';
import { type Document, operationsOf, type RegisteredOperation } from './operations.ts';
import { type Field, fieldsOf, type Resolve, resolver, type Schema, typeOf } from './schema.ts';

type Html = ReturnType<typeof html>;
type Parameter = Extract<NonNullable<RegisteredOperation['parameters']>[number], { name: string }>;
type Media = { schema?: unknown; example?: unknown; examples?: Record<string, { value: unknown }> };

/** `origin` is where the examples are sent to. */
export function referencePage(document: Document, origin: string): Html {
  const { info, tags = [] } = document;
  const chapters = tags.map((tag) => ({
    ...tag,
    operations: operationsOf(document).filter(({ operation }) => operation.tags?.includes(tag.name)),
  }));
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${info.title}: API reference</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/docs.css">
    <script src="/docs.js" type="module"></script>
    <meta name="description" content="${(info.description ?? info.title).replaceAll('`', '')}">
    <meta property="og:type" content="website">
    <meta property="og:title" content="${info.title}: API reference">
  </head>
  <body>
    <header>
      <p class="brand"><img src="/icon.svg" alt="" width="22" height="22"> <a href="/">${info.title}</a></p>
      <h1>API reference</h1>
      <p>${marked(info.description ?? '')} The examples can be pasted into a shell; for machines there is
        <a href="/openapi.json">openapi.json</a>.</p>
      <form class="with-script key" hidden><label>Key for what you try here, if the service asks for one
        <input id="key" type="password" autocomplete="off"></label></form>
    </header>
    <nav aria-label="Operations">
      ${chapters.map(
        ({ name, operations }) => html`<h2><a href="#${name}">${name}</a></h2>
      <ul>
        ${operations.map(({ operation }) => html`<li><a href="#${operation.operationId!}">${operation.summary}</a></li>`)}
      </ul>`,
      )}
    </nav>
    <main>
      ${chapters.map(
        ({ name, description, operations }) => html`<section aria-labelledby="${name}">
        <h2 id="${name}">${name}</h2>
        <p>${description}</p>
        ${operations.map((each) => article(document, origin, each))}
      </section>`,
      )}
    </main>
  </body>
</html>`;
}

function article(
  document: Document,
  origin: string,
  { method, path, operation }: ReturnType<typeof operationsOf>[number],
): Html {
  const resolve = resolver(document);
  const parameters = (operation.parameters ?? []).map(
    (parameter) =>
      ('$ref' in parameter
        ? document.components?.parameters?.[parameter.$ref.split('/').at(-1)!]
        : parameter) as Parameter,
  );
  const { requestBody } = operation;
  const body = requestBody && 'content' in requestBody ? requestBody.content['application/json'] : undefined;
  const id = operation.operationId!;
  return html`<article aria-labelledby="${id}">
          <h3 id="${id}">${operation.summary}</h3>
          <p class="path"><span class="method">${method.toUpperCase()}</span> <code>${path}</code></p>
          ${scopesOf(operation).length > 0 && html`<p class="soft">Scope of the key: ${marked(scopesOf(operation).join(' and '))}</p>`}
          ${operation.description && html`<p>${marked(operation.description)}</p>`}
          <pre tabindex="0" class="curl" aria-label="Example of ${operation.summary}"><code>${curlOf(origin, method, path, operation)}</code></pre>
          ${tryIt(exampleRequest(path, operation), method, operation.summary!)}
          <details class="more"><summary>${parameters.length > 0 || body ? 'Fields and answers' : 'Answers'}<span class="visually-hidden"> of ${operation.summary}</span></summary>
          ${parameters.length > 0 && html`<h4>Parameters</h4>${fieldList(parameters.map((one) => parameterField(one, resolve)))}`}
          ${body && html`<h4>Body</h4>${fieldList(fieldsOf(body.schema as Schema, resolve))}`}
          <h4>Answers</h4>
          ${Object.entries(operation.responses ?? {}).map(([status, { description, content = {} }]) =>
            answer(status, description, content, resolve),
          )}
          </details>
        </article>`;
}

/** The example as a form that the page's script sends. */
function tryIt({ target, headers, body }: ExampleRequest, method: string, summary: string): Html {
  return html`<details class="with-script" hidden>
            <summary>Try it<span class="visually-hidden">: ${summary}</span></summary>
            <form class="try" data-headers="${JSON.stringify(headers)}">
              <input type="hidden" name="method" value="${method.toUpperCase()}">
              <label>Address <input name="target" value="${target}" spellcheck="false"></label>
              ${body !== undefined && html`<label>Body <textarea name="body" rows="3" spellcheck="false">${body}</textarea></label>`}
              <p><button type="submit">Send</button> <output></output></p>
              <pre tabindex="0" aria-label="Answer" hidden></pre>
            </form>
          </details>`;
}

/** The scopes that the operation asks of a key, as code. */
function scopesOf({ security = [] }: RegisteredOperation): string[] {
  return Object.values(security[0] ?? {})
    .flat()
    .map((scope) => `\`${scope}\``);
}

/** The answer that was hoped for is open, problems are folded. */
function answer(status: string, description: string, content: Record<string, Media>, resolve: Resolve): Html {
  const [[, media] = []] = Object.entries(content);
  const examples = Object.values(media?.examples ?? {}).map(({ value }) => value);
  if (media?.example !== undefined) examples.unshift(media.example);
  const summary = html`<code>${status}</code> ${marked(description)}`;
  if (!media) return html`<p class="answer">${summary}</p>`;
  const success = status.startsWith('2');
  return html`<details${success ? html` open` : ''}>
            <summary>${summary}</summary>
            ${success && fieldList(fieldsOf(media.schema as Schema, resolve))}
            ${examples.map(
              (example) =>
                html`<pre tabindex="0" aria-label="Example of an answer ${status}"><code>${
                  typeof example === 'string' ? example : JSON.stringify(example, null, 2)
                }</code></pre>`,
            )}
          </details>`;
}

function parameterField(parameter: Parameter, resolve: Resolve): Field {
  const schema = (parameter.schema ?? {}) as Schema;
  return {
    name: parameter.name,
    type: `${parameter.in}, ${typeOf(schema, resolve)}`,
    required: parameter.required ?? false,
    description: parameter.description ?? '',
    fields: [],
  };
}

function fieldList(fields: Field[]): Html | string {
  if (fields.length === 0) return '';
  return html`<dl>
            ${fields.map(
              ({ name, type, required, description, fields }) => html`<div>
              <dt><code>${name}</code> <span class="soft">${type}${required ? html` · <strong>required</strong>` : ''}</span></dt>
              <dd>${marked(description)}${fieldList(fields)}</dd>
            </div>`,
            )}
          </dl>`;
}

/** Text whose `code` is code, as descriptions have it. */
function marked(text: string): (Html | string)[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));
}
