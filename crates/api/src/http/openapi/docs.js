// Renders /api/openapi.json and calls what it describes.

const token = document.getElementById('token');
const api = await (await fetch('/api/openapi.json')).json();

/** An element with properties and children; text goes in as text. */
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** The schema that a reference stands for. */
function resolve(schema) {
  return schema?.$ref ? api.components.schemas[schema.$ref.split('/').pop()] : schema;
}

/** A value that fits a schema, to start from. */
function example(schema) {
  const found = resolve(schema) ?? {};
  if (found.enum) return found.enum[0];
  const kind = [found.type].flat()[0];
  if (kind === 'object') {
    const required = new Set(found.required ?? []);
    const fields = Object.entries(found.properties ?? {}).filter(([name]) => required.has(name));
    return Object.fromEntries(fields.map(([name, field]) => [name, example(field)]));
  }
  return { string: '', integer: 0, boolean: false, array: [] }[kind] ?? null;
}

function answers(responses) {
  const lines = Object.entries(responses).map(([status, response]) => {
    const schema = response.content?.['application/json']?.schema?.$ref?.split('/').pop();
    return element('li', {}, element('code', {}, status), ` ${schema ?? response.description}`);
  });
  return element('ul', {}, ...lines);
}

function operation(path, method, described) {
  const inputs = described.parameters.map((parameter) => {
    const input = element('input', { name: parameter.name, required: parameter.required });
    const label = element('label', {}, parameter.name, element('small', {}, parameter.description ?? ''), input);
    return { parameter, input, label };
  });
  const schema = described.requestBody?.content['application/json'].schema;
  const body = schema && element('textarea', { rows: 5, value: JSON.stringify(example(schema), null, 2), spellcheck: false });
  const output = element('pre', { hidden: true, tabIndex: 0 });
  output.setAttribute('role', 'status');
  const form = element('form', {}, answers(described.responses), ...inputs.map(({ label }) => label));
  if (body) form.append(element('label', {}, 'Body', body));
  form.append(element('button', { type: 'submit' }, 'Send'), output);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    output.hidden = false;
    output.textContent = 'Sending…';
    output.textContent = await send(path, method, inputs, body).catch((error) => String(error));
  });
  const title = [element('b', {}, method.toUpperCase()), element('code', {}, path), element('span', {}, described.summary)];
  return element('details', { id: described.operationId }, element('summary', {}, ...title), form);
}

async function send(path, method, inputs, body) {
  const query = new URLSearchParams();
  let address = path;
  for (const { parameter, input } of inputs) {
    if (parameter.in === 'path') address = address.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (input.value) query.set(parameter.name, input.value);
  }
  if (query.size > 0) address += `?${query}`;
  const headers = {};
  if (token.value) headers.Authorization = `Bearer ${token.value.trim()}`;
  const text = body?.value.trim();
  if (text) headers['Content-Type'] = 'application/json';
  const response = await fetch(address, { method: method.toUpperCase(), headers, body: text || undefined });
  const head = `${response.status} ${response.statusText}\n\n`;
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) return head + (await first(response));
  const answer = await response.text();
  try {
    const json = JSON.parse(answer);
    if (json.token && json.expires_in) token.value = json.token;
    return head + JSON.stringify(json, null, 2);
  } catch {
    return head + answer;
  }
}

/** The first piece of a stream that does not end. */
async function first(response) {
  const reader = response.body.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}

document.getElementById('sign-in').addEventListener('submit', (event) => event.preventDefault());
document.getElementById('about').textContent = `Version ${api.info.version}. ${api.info.description}`;
const sections = new Map();
for (const [path, methods] of Object.entries(api.paths)) {
  for (const [method, described] of Object.entries(methods)) {
    const [tag] = described.tags;
    if (!sections.has(tag)) sections.set(tag, element('section', {}, element('h2', {}, tag)));
    sections.get(tag).append(operation(path, method, described));
  }
}
document.getElementById('operations').append(...sections.values());
