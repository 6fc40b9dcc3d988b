// The private feed as a podcast client of others reads it, and audio in a store of others.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import partytime from 'podcast-partytime';
import S3rver from 's3rver';

import { BINARY, PATIENCE, start } from '../support/circle.js';

const run = promisify(execFile);
const PASSWORD = 'a long enough password';
const PLAYER = { 'User-Agent': 'Overcast/3.0 (+http://overcast.fm/; iOS podcast app)' };

let folder;
let store;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'circle-podcast-'));
  const buckets = [{ name: 'media', configs: [] }];
  store = new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory: join(folder, 's3'), configureBuckets: buckets });
});
after(async () => {
  await store.close().catch(() => {});
  rmSync(folder, { recursive: true, force: true });
});

/** The whole product: `site` is where it answers, `circle` runs a command on its data. */
async function serve(name, env = {}) {
  const settings = { DATA_DIR: join(folder, name), LISTEN_ADDR: '127.0.0.1:0', SANDBOX_ADDR: '127.0.0.1:0', ...env };
  const { found: site, stop } = await start(['serve'], (line) => line.match(/^Inner Circle\s+(http\S+)/)?.[1], settings);
  const circle = async (...args) => {
    const { stdout } = await run(BINARY, args, { env: { ...process.env, RUST_LOG: 'error', ...settings } });
    return stdout;
  };
  return { site, circle, stop };
}

/** A listener with a plan; answers the address of their feed. */
async function subscribe({ site, circle }, email, plan) {
  const session = await fetch(`${site}/api/auth/register`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  assert.equal(session.status, 201);
  const { token } = await session.json();
  await circle('grant', email, '--plan', plan);
  const feed = await fetch(`${site}/api/feed`, { headers: { Authorization: `Bearer ${token}` } });
  return (await feed.json()).url;
}

/** The episodes, once the first start has brought them in. */
async function episodes(site) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const { episodes: found } = await (await fetch(`${site}/api/episodes`)).json();
    if (found.length > 0) return found;
    assert.ok(Date.now() < deadline, 'no episodes came');
  }
}

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

test('podget downloads the newest episode from a private feed', async () => {
  const product = await serve('plain');
  try {
    await episodes(product.site);
    const feed = await subscribe(product, 'ada@example.com', 'enterprise');
    const xml = join(folder, 'feed.xml');
    writeFileSync(xml, await (await fetch(feed)).text());
    await run('xmllint', ['--noout', xml]);

    const [config, library] = [join(folder, 'podget'), join(folder, 'library')];
    await run('mkdir', ['-p', config, library]);
    const home = { env: { ...process.env, HOME: folder, LANG: 'C.UTF-8' } };
    // It answers 1 after writing the file.
    await run('podget', ['-d', config, '--create-config', 'podgetrc'], home).catch(() => {});
    const written = readFileSync(join(config, 'podgetrc'), 'utf8');
    const settings = written.replace(/^DIR_LIBRARY=.*$/m, `DIR_LIBRARY=${library}`).replace(/^MIN_SPACE=.*$/m, 'MIN_SPACE=1');
    writeFileSync(join(config, 'podgetrc'), settings);
    writeFileSync(join(config, 'serverlist'), `${feed} Private Circle\n`);
    await run('podget', ['-d', config, '-c', 'podgetrc', '--serverlist', 'serverlist', '-r', '1', '-n', '-s'], home);
    const got = readdirSync(join(library, 'Private', 'Circle'));
    assert.equal(got.length, 1, `${got}`);
    const seed = new URL('../../../../../seed/audio/', import.meta.url);
    const known = readdirSync(seed).map((file) => digest(readFileSync(new URL(file, seed))));
    assert.ok(known.includes(digest(readFileSync(join(library, 'Private', 'Circle', got[0])))), 'another file came');
  } finally {
    await product.stop();
  }
});

test('the reader of the Podcast Index understands a feed, open and closed', async () => {
  const product = await serve('index');
  try {
    const [newest] = await episodes(product.site);
    const address = await subscribe(product, 'eve@example.com', 'enterprise');
    const read = async () => partytime.parseFeed(await (await fetch(address)).text());
    const feed = await read();
    const { itunesBlock, podcastBlocked, locked, explicit, itunesType, itunesCategory, language } = feed;
    assert.deepEqual(
      { itunesBlock, podcastBlocked, locked, explicit, itunesType, itunesCategory, language },
      {
        itunesBlock: true,
        podcastBlocked: 'yes',
        locked: true,
        explicit: false,
        itunesType: 'episodic',
        itunesCategory: ['Technology'],
        language: 'en',
      },
    );
    assert.match(feed.guid, /^[0-9a-f-]{36}$/);
    assert.equal(feed.pubsub.self, address);
    assert.equal(feed.items.length, 8);
    assert.deepEqual([feed.items[0].title, feed.items[0].itunesEpisode], [newest.title, newest.number]);
    for (const item of feed.items) assert.ok(item.duration > 10 && item.enclosure.length > 10_000, item.title);

    await product.circle('grant', 'eve@example.com', '--revoke');
    const { items: closed } = await read();
    assert.deepEqual(
      closed.map((item) => item.title),
      ['Renew to keep listening'],
    );
  } finally {
    await product.stop();
  }
});

test('audio in a bucket is reached by addresses that the store signs for', async () => {
  const { port } = await store.run();
  const bucket = {
    S3_BUCKET: 'media',
    S3_ENDPOINT: `http://127.0.0.1:${port}`,
    S3_ACCESS_KEY_ID: 'S3RVER',
    S3_SECRET_ACCESS_KEY: 'S3RVER',
  };
  const product = await serve('bucket', bucket);
  try {
    const [free] = (await episodes(product.site)).filter((episode) => episode.audio_url);
    assert.deepEqual(readdirSync(join(folder, 'bucket', 'media')), [], 'nothing stays in the folder');
    const redirect = await fetch(free.audio_url, { redirect: 'manual', headers: PLAYER });
    assert.equal(redirect.status, 302);
    assert.equal(redirect.headers.get('cache-control'), 'private, no-store');
    const address = redirect.headers.get('location');
    assert.ok(address.startsWith(bucket.S3_ENDPOINT), address);
    const part = await fetch(address, { headers: { Range: 'bytes=0-99' } });
    assert.deepEqual([part.status, part.headers.get('content-type')], [206, 'audio/mpeg']);
    assert.equal((await part.arrayBuffer()).byteLength, 100);

    await product.circle('episode', 'remove', String(free.number));
    assert.equal((await fetch(address)).status, 404, 'the bucket keeps nothing that no episode has');
  } finally {
    await product.stop();
  }
});
