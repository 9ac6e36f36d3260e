/** Searches films by title, and asks what to watch after those that were chosen. */

const element = (id) => document.getElementById(id);
const seen = [];

async function ask(path, options) {
  const response = await fetch(path, options);
  const answer = await response.json();
  element('problem').textContent = response.ok ? '' : answer.detail;
  return response.ok ? answer.items : [];
}

const entry = (...content) => {
  const item = document.createElement('li');
  item.append(...content);
  return item;
};

function button({ id, title }) {
  const button = document.createElement('button');
  button.append(title);
  button.addEventListener('click', async () => {
    seen.push(id);
    element('seen').append(entry(title));
    const next = await ask('/v1/recommendations', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ history: seen, k: 5 }),
    });
    element('next').replaceChildren(...next.map(({ title }) => entry(title)));
  });
  return button;
}

element('search').addEventListener('change', async ({ target }) => {
  const found = await ask(`/v1/items?${new URLSearchParams({ q: target.value, limit: '5' })}`);
  element('found').replaceChildren(...found.map((film) => entry(button(film))));
});
