// Starts the app. A file of its own, so that a policy of script-src 'self' 'wasm-unsafe-eval' suffices;
// the hashed names come from the preloads that Trunk writes into the page.
const bindings = document.querySelector('link[rel="modulepreload"]').href;
const wasm = document.querySelector('link[rel="preload"][type="application/wasm"]').href;
const app = await import(bindings);
await app.default({ module_or_path: wasm });
