// The service worker: opens the site without a connection.
//
// It keeps the files of this build, whose names change with their content, and a few pages that are the same for
// everybody. The network is asked first for a page, so that a new build shows at once. Nothing of the API, of media or
// of feeds is kept, or so much as passes through here: whose account it is, is nothing that outlives its tab.

const CACHE = "site";
// Filled in when the site is built.
const FILES = ["FILES"];
// Shown in place of any page that is not kept: its text by itself, or the app, where that is kept.
const OFFLINE = "/offline";
const PAGES = ["/", "/pricing", "/terms", "/privacy", OFFLINE];
const NEVER = /^\/(api|feeds|media|webhooks)(\/|$)/;

const pathOf = (url) => new URL(url).pathname;
// "/web-0123.js" and "/web-4567_bg.wasm" are of the bundle "/web".
const partOf = (path) => path.split("-")[0];
const isOfBundle = (path) => /^\/(visitor|web)-/.test(path);

const kept = () => caches.open(CACHE);

// Of the two bundles, those that were used in this browser before.
async function install() {
  const cache = await kept();
  const before = (await cache.keys()).map((request) => partOf(pathOf(request.url)));
  const wanted = FILES.filter((path) => !isOfBundle(path) || before.includes(partOf(path)));
  await cache.addAll([OFFLINE, ...wanted]);
  await self.skipWaiting();
}

async function activate() {
  const cache = await kept();
  const old = (await cache.keys()).filter((request) => ![...FILES, ...PAGES].includes(pathOf(request.url)));
  await Promise.all(old.map((request) => cache.delete(request)));
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

// The page that brought this here was loaded without it, and tells what it is made of; the browser still has that.
async function keep(urls) {
  const cache = await kept();
  const wanted = urls.map(pathOf).filter((path) => FILES.includes(path));
  const missing = await Promise.all(wanted.map(async (path) => ((await cache.match(path)) ? [] : [path])));
  await cache.addAll(missing.flat());
}

async function file(path, request) {
  const cache = await kept();
  const known = await cache.match(path);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(path, answer.clone());
  return answer;
}

async function page(path, event) {
  const cache = await kept();
  try {
    const answer = (await event.preloadResponse) ?? (await fetch(event.request));
    if (answer.ok && PAGES.includes(path)) await cache.put(path, answer.clone());
    return answer;
  } catch (error) {
    const instead = (await cache.match(path)) ?? (await cache.match(OFFLINE));
    if (!instead) throw error;
    return instead;
  }
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => event.waitUntil(keep(event.data)));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = pathOf(request.url);
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin || NEVER.test(path)) return;
  if (request.mode === "navigate") event.respondWith(page(path, event));
  else if (FILES.includes(path)) event.respondWith(file(path, request));
});
