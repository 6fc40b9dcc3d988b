// Signatures between Stripe's library and ours, in both directions.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Stripe from 'stripe';
import { KEY, start, startReceiver, startSandbox, stopAll } from '../support/circle.js';

const SECRET = 'whsec_of_the_official_clients';
const stripe = new Stripe(KEY);
let sandbox, receiver, product;

before(async () => {
  [sandbox, receiver] = await Promise.all([startSandbox(), startReceiver()]);
  const env = { LISTEN_ADDR: '127.0.0.1:0', STRIPE_SECRET_KEY: KEY, STRIPE_WEBHOOK_SECRET: SECRET, STRIPE_API_BASE: sandbox.base };
  ({ found: product } = await start(['serve'], (line) => line.match(/http:\/\/\S+/)?.[0], env));
});
after(stopAll);

test('stripe-node believes what the sandbox delivers', async () => {
  const client = new Stripe(KEY, { host: '127.0.0.1', port: sandbox.port, protocol: 'http' });
  const endpoint = await client.webhookEndpoints.create({ url: receiver.url, enabled_events: ['customer.created'] });
  const customer = await client.customers.create({ name: 'Zoë 🎙' });
  const { headers, body } = await receiver.delivered(({ body }) => body.includes(customer.id));
  const event = stripe.webhooks.constructEvent(body, headers['stripe-signature'], endpoint.secret);
  assert.equal(event.type, 'customer.created');
  assert.equal(event.data.object.name, 'Zoë 🎙');
  assert.throws(
    () => stripe.webhooks.constructEvent(`${body} `, headers['stripe-signature'], endpoint.secret),
    Stripe.errors.StripeSignatureVerificationError,
  );
});

/** What the product answers to an event delivered with this header. */
async function deliver(payload, signature) {
  const headers = signature === undefined ? {} : { 'Stripe-Signature': signature };
  const answer = await fetch(new URL('/webhooks', product), { method: 'POST', headers, body: payload });
  return answer.status;
}

test('the product believes what stripe-node signs inside the tolerance, and nothing else', async () => {
  const payload = JSON.stringify({
    id: 'evt_node',
    object: 'event',
    type: 'ping',
    created: 1_700_000_000,
    livemode: false,
    data: { object: { id: 'x', object: 'ping' } },
  });
  const now = Math.floor(Date.now() / 1000);
  const header = (options = {}) => stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET, ...options });
  const v1 = header().split('v1=')[1];
  const cases = [
    ['signed now', header(), 200],
    ['almost too old', header({ timestamp: now - 290 }), 200],
    ['two v1, the second right', `t=${now},v1=${'0'.repeat(64)},v1=${header({ timestamp: now }).split('v1=')[1]}`, 200],
    ['v1 beside v0', `${header()},v0=${'0'.repeat(64)}`, 200],
    ['too old', header({ timestamp: now - 310 }), 400],
    ['from the future', header({ timestamp: now + 10_000 }), 400],
    ['another secret', header({ secret: 'whsec_other' }), 400],
    ['another scheme', header({ scheme: 'v0' }), 400],
    ['upper case', header().replace(v1, v1.toUpperCase()), 400],
    ['truncated', header().slice(0, -1), 400],
    ['no time', `v1=${v1}`, 400],
    ['empty', '', 400],
    ['none', undefined, 400],
  ];
  for (const [name, signature, status] of cases) assert.equal(await deliver(payload, signature), status, name);
  assert.equal(await deliver(`${payload} `, header()), 400, 'one byte more');
});
