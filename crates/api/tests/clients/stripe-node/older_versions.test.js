// stripe-node pinned to versions that older integrations are pinned to.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Stripe from 'stripe';
import { KEY, startSandbox, stopAll } from '../support/circle.js';

let sandbox, stripe, price, customer;

const pinned = (apiVersion) => new Stripe(KEY, { host: '127.0.0.1', port: sandbox.port, protocol: 'http', apiVersion });

before(async () => {
  sandbox = await startSandbox();
  stripe = pinned('2026-10-28.endive');
  price = await stripe.prices.create({
    currency: 'usd',
    unit_amount: 1000,
    recurring: { interval: 'month' },
    product_data: { name: 'Pro' },
  });
  customer = await stripe.customers.create({
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
});
after(stopAll);

test('a subscription is confirmed through its invoice, as in 2020', async () => {
  const old = pinned('2020-08-27');
  const buyer = await old.customers.create({ email: 'ann@example.com' });
  const made = await old.subscriptions.create({
    customer: buyer.id,
    items: [{ price: price.id }],
    payment_behavior: 'default_incomplete',
    expand: ['latest_invoice.payment_intent'],
  });
  const intent = made.latest_invoice.payment_intent;
  assert.deepEqual([made.status, intent.status], ['incomplete', 'requires_payment_method']);
  const paid = await old.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' });
  assert.deepEqual([paid.status, paid.charges.data[0].paid], ['succeeded', true]);
  const now = await old.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] });
  assert.deepEqual([now.status, now.latest_invoice.paid], ['active', true]);
  assert.ok(now.current_period_end > now.current_period_start);
});

test('the upcoming invoice, before it was a preview', async () => {
  const old = pinned('2023-10-16');
  const made = await old.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] });
  const upcoming = await old.rawRequest('GET', `/v1/invoices/upcoming?customer=${customer.id}&subscription=${made.id}`);
  assert.deepEqual(
    [upcoming.object, upcoming.id, upcoming.subscription, upcoming.total, upcoming.lines.data[0].price.id],
    ['invoice', undefined, made.id, 1000, price.id],
  );
  await old.subscriptions.cancel(made.id);
  await assert.rejects(old.rawRequest('GET', `/v1/invoices/upcoming?subscription=${made.id}`), {
    code: 'invoice_upcoming_none',
  });
});

test('charges of sources', async () => {
  const old = pinned('2020-08-27');
  const buyer = await old.customers.create({ source: 'tok_visa' });
  const held = await old.charges.create({ amount: 900, currency: 'usd', customer: buyer.id, capture: false });
  assert.deepEqual([held.captured, held.source.id, held.refunds.data], [false, buyer.default_source, []]);
  assert.equal((await old.charges.capture(held.id)).captured, true);
  await assert.rejects(old.charges.create({ amount: 900, currency: 'usd', source: 'tok_chargeDeclined' }), {
    type: 'StripeCardError',
    code: 'card_declined',
  });
});

test('each version lists and finds what there is', async () => {
  const versions = ['2020-08-27', '2022-11-15', '2023-10-16', '2024-06-20', '2025-02-24.acacia', '2025-08-27.basil'];
  for (const version of [...versions, '2025-09-30.clover', '2026-03-25.dahlia']) {
    const old = pinned(version);
    for (const resource of [old.charges, old.customers, old.events, old.invoices, old.paymentIntents, old.plans,
      old.prices, old.products, old.subscriptions, old.taxCodes, old.countrySpecs, old.balanceTransactions]) {
      const { object, data } = await resource.list({ limit: 1 });
      assert.equal(object, 'list');
      const found = await resource.retrieve(data[0].id);
      assert.deepEqual([found.id, found.lastResponse.headers['stripe-version']], [data[0].id, version]);
    }
  }
});
