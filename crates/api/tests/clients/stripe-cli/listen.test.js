// `stripe listen` forwards the sandbox's events, and `stripe events resend` sends one again.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import Stripe from 'stripe';
import { KEY, startReceiver, startSandbox, stopAll, until } from '../support/circle.js';
import { stripeCli } from '../support/cli.js';

let sandbox, cli, receiver, stripe;
const listeners = new Set();
before(async () => {
  sandbox = await startSandbox();
  receiver = await startReceiver();
  cli = stripeCli(sandbox.base);
  stripe = new Stripe(KEY, { host: '127.0.0.1', port: sandbox.port, protocol: 'http' });
});
after(async () => {
  // A test that failed has left its own behind.
  for (const child of listeners) child.kill('SIGKILL');
  cli.stop();
  await stopAll();
});

/** Starts `stripe listen`; once it is ready, the secret it says. */
async function listen(...options) {
  const child = cli.spawn('listen', ...options);
  listeners.add(child);
  child.once('exit', () => listeners.delete(child));
  const secret = await new Promise((resolve, reject) => {
    const look = (line) => {
      const found = line.match(/signing secret is (whsec_\w+)/);
      if (found) resolve(found[1]);
    };
    createInterface({ input: child.stdout }).on('line', look);
    createInterface({ input: child.stderr }).on('line', look);
    once(child, 'exit').then(([code]) => reject(new Error(`stripe listen ended with ${code}`)));
  });
  const stop = async () => {
    const gone = once(child, 'exit');
    child.kill('SIGINT');
    await gone;
  };
  return { secret, stop };
}

/** The deliveries of an event, newest first, with the attempts made. */
async function deliveries(event) {
  const shown = await fetch(`${sandbox.base}/_sandbox/deliveries?event=${event}`);
  return (await shown.json()).data;
}

test('events are forwarded, signed, and sent again', { timeout: 60_000 }, async () => {
  const listener = await listen('--forward-to', receiver.url, '--all-snapshot');
  const product = await stripe.products.create({ name: 'Forwarded' });
  const isAbout = ({ body }) => JSON.parse(body).data.object.id === product.id;
  const { body, headers } = await receiver.delivered(isAbout);
  const event = stripe.webhooks.constructEvent(body, headers['stripe-signature'], listener.secret);
  assert.equal(event.type, 'product.created');

  const [delivery] = await until(async () => {
    const all = await deliveries(event.id);
    return all[0].made.length === 2 && all;
  });
  assert.deepEqual([delivery.state, delivery.status], ['delivered', 200]);

  let times = 0;
  const again = receiver.delivered((one) => isAbout(one) && ++times > 1);
  await cli.run('events', 'resend', event.id);
  await again;
  assert.equal((await deliveries(event.id)).length, 2);

  assert.deepEqual((await stripe.webhookEndpoints.list()).data, [], 'the API shows no listener');
  await listener.stop();
  await until(async () => (await stripe.products.create({ name: 'Unheard' })) && (await pending()) === 0);
});

/** How many endpoints the newest event waits for. */
async function pending() {
  const { data } = await stripe.events.list({ limit: 1 });
  return data[0].pending_webhooks;
}

test('only the events asked for are forwarded', { timeout: 60_000 }, async () => {
  const listener = await listen('--forward-to', receiver.url, '--events', 'customer.created');
  await stripe.products.create({ name: 'Not asked for' });
  const customer = await stripe.customers.create({ email: 'ann@example.com' });
  await receiver.delivered(({ body }) => JSON.parse(body).data.object.id === customer.id);
  const made = async (type) => {
    const { data } = await stripe.events.list({ type, limit: 1 });
    return (await deliveries(data[0].id))[0].made.length;
  };
  await until(async () => (await made('customer.created')) === 2);
  assert.equal(await made('product.created'), 1, 'acknowledged, not forwarded');
  await listener.stop();
});
