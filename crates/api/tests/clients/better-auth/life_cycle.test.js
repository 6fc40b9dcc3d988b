// better-auth's Stripe plugin from sign-up to cancellation, with the sandbox as its Stripe.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { stripe as stripePlugin } from '@better-auth/stripe';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import Stripe from 'stripe';
import { KEY, PATIENCE, startSandbox, stopAll } from '../support/circle.js';
import { card, submit } from '../support/page.js';

let sandbox, client, server, origin, cookie;
const rows = { user: [], session: [], account: [], verification: [], subscription: [] };

before(async () => {
  sandbox = await startSandbox();
  client = new Stripe(KEY, { host: '127.0.0.1', port: sandbox.port, protocol: 'http' });
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${server.address().port}`;
  const monthly = (name, unit_amount) =>
    client.prices.create({ currency: 'usd', unit_amount, recurring: { interval: 'month' }, product_data: { name } });
  const [starter, pro] = [await monthly('Starter', 500), await monthly('Pro', 1000)];
  // The plugin names no configuration: what it gets is the account's default, which comes with the first session.
  const somebody = await client.customers.create({});
  const { configuration } = await client.billingPortal.sessions.create({ customer: somebody.id, return_url: origin });
  await client.billingPortal.configurations.update(configuration, {
    business_profile: { headline: 'better-auth' },
    features: {
      payment_method_update: { enabled: true },
      subscription_cancel: { enabled: true, mode: 'at_period_end' },
      subscription_update: {
        enabled: true,
        default_allowed_updates: ['price'],
        products: [{ product: starter.product, prices: [starter.id] }, { product: pro.product, prices: [pro.id] }],
      },
    },
  });
  const endpoint = await client.webhookEndpoints.create({ url: `${origin}/api/auth/stripe/webhook`, enabled_events: ['*'] });
  const auth = betterAuth({
    baseURL: origin,
    secret: 'a secret of the tests, long enough',
    database: memoryAdapter(rows),
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    logger: { level: 'error' },
    plugins: [
      stripePlugin({
        stripeClient: client,
        stripeWebhookSecret: endpoint.secret,
        createCustomerOnSignUp: true,
        subscription: {
          enabled: true,
          plans: [{ name: 'starter', priceId: starter.id }, { name: 'pro', priceId: pro.id }],
        },
      }),
    ],
  });
  server.on('request', toNodeHandler(auth));
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await stopAll();
});

/** Asks better-auth as the signed-in browser does. */
async function ask(path, body, method = 'POST') {
  const headers = { 'Content-Type': 'application/json', Origin: origin, ...(cookie && { Cookie: cookie }) };
  const answer = await fetch(`${origin}/api/auth/${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${path} answered ${answer.status}: ${text}`);
  const set = answer.headers.getSetCookie();
  if (set.length) cookie = set.map((one) => one.split(';')[0]).join('; ');
  return JSON.parse(text);
}

/** Waits until a webhook has brought the listener's subscription there. */
async function subscription(is) {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; await new Promise((next) => setTimeout(next, 20))) {
    const found = (await ask('subscription/list', undefined, 'GET')).find(is);
    if (found) return found;
  }
  assert.fail(`never so: ${JSON.stringify(rows.subscription)}`);
}

const urls = () => ({ successUrl: `${origin}/done`, cancelUrl: `${origin}/pricing`, returnUrl: `${origin}/account` });

test('sign-up makes the customer', async () => {
  await ask('sign-up/email', { email: 'ann@example.com', password: 'correct horse battery', name: 'Ann' });
  const [user] = rows.user;
  const customer = await client.customers.retrieve(user.stripeCustomerId);
  assert.deepEqual([customer.email, customer.metadata.userId], ['ann@example.com', user.id]);
});

test('checkout starts the plan', async () => {
  const { url } = await ask('subscription/upgrade', { plan: 'starter', ...urls() });
  const returned = await submit(url, 'name="card-number"', card());
  assert.ok(returned.startsWith(origin), returned);
  const active = await subscription(({ status }) => status === 'active');
  assert.equal(active.plan, 'starter');
  assert.match(active.stripeSubscriptionId, /^sub_/);
});

test('a plan change goes through the portal', async () => {
  const [{ stripeSubscriptionId }] = rows.subscription;
  const { url } = await ask('subscription/upgrade', { plan: 'pro', subscriptionId: stripeSubscriptionId, ...urls() });
  await submit(url, 'Confirm');
  assert.equal((await subscription(({ plan }) => plan === 'pro')).stripeSubscriptionId, stripeSubscriptionId);
});

test('the portal opens', async () => {
  const { url } = await ask('subscription/billing-portal', { returnUrl: `${origin}/account` });
  const page = await (await fetch(url)).text();
  assert.match(page, /Pro/);
});

test('a cancellation goes through the portal, and can be taken back', async () => {
  const { url } = await ask('subscription/cancel', { returnUrl: `${origin}/account` });
  await submit(url, 'Cancel');
  const ending = await subscription(({ cancelAt, cancelAtPeriodEnd }) => cancelAt || cancelAtPeriodEnd);
  assert.equal(ending.status, 'active');
  await ask('subscription/restore', {});
  await subscription(({ cancelAt, cancelAtPeriodEnd }) => !cancelAt && !cancelAtPeriodEnd);
  const [{ stripeSubscriptionId }] = rows.subscription;
  await client.subscriptions.cancel(stripeSubscriptionId);
  const deadline = Date.now() + PATIENCE;
  while (rows.subscription[0].status !== 'canceled' && Date.now() < deadline) await new Promise((next) => setTimeout(next, 20));
  assert.equal(rows.subscription[0].status, 'canceled');
});
