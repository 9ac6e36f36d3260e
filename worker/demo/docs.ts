/** "Try it" of the API reference: sends an example, as the reader has changed it, to this service. */

const key = document.querySelector<HTMLInputElement>('#key');

document.querySelector('form.key')?.addEventListener('submit', (event) => event.preventDefault());
for (const form of document.querySelectorAll<HTMLFormElement>('form.try')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send(form);
  });
}
// Without this script there is nothing that the forms could do.
for (const part of document.querySelectorAll<HTMLElement>('.with-script')) part.hidden = false;

async function send(form: HTMLFormElement): Promise<void> {
  const [method, target, body] = ['method', 'target', 'body'].map(
    (name) => (form.elements.namedItem(name) as HTMLInputElement | null)?.value,
  );
  const headers = new Headers(JSON.parse(form.dataset.headers!));
  if (key?.value) headers.set('Authorization', `Bearer ${key.value.trim()}`);
  const status = form.querySelector('output')!;
  const answer = form.querySelector('pre')!;
  status.textContent = 'Sending …';
  const start = performance.now();
  try {
    const response = await fetch(target!, { method, headers, body: body || undefined });
    const text = await response.text();
    status.textContent = `${response.status} ${response.statusText}, ${Math.round(performance.now() - start)} ms`;
    answer.textContent = indented(text);
    answer.hidden = text === '';
  } catch {
    status.textContent = 'The service can’t be reached';
    answer.hidden = true;
  }
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
