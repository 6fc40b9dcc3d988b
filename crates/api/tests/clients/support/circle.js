// Starts `circle sandbox` and `circle serve` on free ports with data of their own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const BINARY = process.env.CIRCLE_BIN ?? new URL('../../../../../target/debug/circle', import.meta.url).pathname;

/** How long a test waits for something that must come, in milliseconds; reached only when it fails. */
export const PATIENCE = 20_000;

/** A key that the CLI takes too: it wants twelve characters or more. */
export const KEY = 'sk_test_official_clients';

const started = new Set();

/** Stops everything that this file's tests have started, whatever became of them. */
export async function stopAll() {
  await Promise.all([...started].map((stop) => stop()));
}

/** Starts `circle` and reads its output until `ready` finds in a line what the caller waits for. */
export async function start(args, ready, env = {}) {
  const data = mkdtempSync(join(tmpdir(), 'circle-'));
  const child = spawn(BINARY, args, {
    env: { ...process.env, DATA_DIR: data, RUST_LOG: 'error', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const found = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = ready(line);
      if (match) resolve(match);
    });
    exited.then(([code]) => reject(new Error(`circle ${args.join(' ')} ended with ${code}`)));
    setTimeout(() => reject(new Error(`circle ${args.join(' ')} did not start`)), PATIENCE).unref();
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
    rmSync(data, { recursive: true, force: true });
  };
  started.add(stop);
  return { found: await found, stop };
}

/** A sandbox of its own: `base` is `http://127.0.0.1:port`. */
export async function startSandbox() {
  const { found: base } = await start(['sandbox', '--addr', '127.0.0.1:0'], (line) => line.match(/http:\/\/\S+/)?.[0]);
  return { base, port: Number(new URL(base).port) };
}

/** Moves a sandbox's clock: `advance(base, '1month')`. */
export async function advance(base, by) {
  const response = await fetch(`${base}/_sandbox/clock/advance`, { method: 'POST', body: JSON.stringify({ by }) });
  if (!response.ok) throw new Error(await response.text());
}

/** Waits until `look` gives something; the test that calls it has the time limit. */
export async function until(look) {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A server that keeps what is delivered to it: `url`, and `delivered(accepts)`, the first that `accepts`. */
export async function startReceiver() {
  const all = [];
  const waiting = new Set();
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.end();
    all.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    for (const look of waiting) look();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const delivered = (accepts) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`not delivered; ${all.length} others were`));
      }, PATIENCE);
      const look = () => {
        const found = all.find(accepts);
        if (!found) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  started.add(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  return { url: `http://127.0.0.1:${server.address().port}/hooks`, delivered };
}
