// The sandbox's hosted pages, as a browser without scripts uses them.

/** Fills in and sends the form of the page at `url` that contains `mark`; where that leads to. */
export async function submit(url, mark, fields = {}) {
  const page = await fetch(url);
  const html = await page.text();
  const form = [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].find(([, , inner]) => inner.includes(mark));
  if (!form) throw new Error(`${url} has no form with ${mark}:\n${html}`);
  const [, attributes, inner] = form;
  const body = new URLSearchParams();
  for (const [tag] of inner.matchAll(/<input\b[^>]*type="hidden"[^>]*>/g)) {
    body.set(attribute(tag, 'name'), attribute(tag, 'value') ?? '');
  }
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  const action = new URL(attribute(attributes, 'action') || page.url, page.url);
  const answer = await fetch(action, { method: 'POST', body, redirect: 'manual' });
  if (answer.status !== 303) throw new Error(`${action} answered ${answer.status}:\n${await answer.text()}`);
  return new URL(answer.headers.get('location'), action).href;
}

function attribute(tag, name) {
  return tag.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1].replaceAll('&amp;', '&');
}

/** What a payer types into a page's card form. */
export function card(number = '4242 4242 4242 4242') {
  return {
    email: 'ann@example.com',
    'card-number': number,
    'card-expiry': '12 / 34',
    'card-cvc': '123',
    'billing-name': 'Ann Listener',
  };
}
