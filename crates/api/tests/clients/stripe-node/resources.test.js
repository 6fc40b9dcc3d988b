// stripe-node through every resource of the sandbox, at the version it is pinned to and at the one before.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import Stripe from 'stripe';
import { KEY, advance, startReceiver, startSandbox, stopAll } from '../support/circle.js';
import { card, submit } from '../support/page.js';

for (const apiVersion of ['2026-10-28.endive', '2026-08-26.dahlia']) {
  describe(`stripe-node at ${apiVersion}`, () => resources(apiVersion));
}

after(stopAll);

function resources(apiVersion) {
  let sandbox, receiver, stripe;
  before(async () => {
    [sandbox, receiver] = await Promise.all([startSandbox(), startReceiver()]);
    stripe = new Stripe(KEY, { apiVersion, host: '127.0.0.1', port: sandbox.port, protocol: 'http' });
  });

  /** A monthly price on a product of its own. */
  const monthly = (unit_amount = 1000, more = {}) =>
    stripe.prices.create({
      currency: 'usd',
      unit_amount,
      recurring: { interval: 'month' },
      product_data: { name: `Plan of ${unit_amount}` },
      ...more,
    });

  /** A customer who pays with a card. */
  const payer = (payment_method = 'pm_card_visa', more = {}) =>
    stripe.customers.create({
      email: 'ann@example.com',
      name: 'Ann',
      payment_method,
      invoice_settings: { default_payment_method: payment_method },
      ...more,
    });

  const subscribe = async (more = {}) => {
    const [price, customer] = await Promise.all([monthly(), payer()]);
    return stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }], ...more });
  };

  const ids = ({ data }) => data.map(({ id }) => id);

  test('products', async () => {
    const product = await stripe.products.create({
      id: 'circle_pro',
      name: 'Pro',
      description: 'All of it',
      images: ['https://example.com/pro.png'],
      marketing_features: [{ name: 'Everything' }],
      metadata: { a: '1', b: '2' },
      default_price_data: { currency: 'usd', unit_amount: 900, recurring: { interval: 'month' } },
      unit_label: 'seat',
      url: 'https://example.com/pro',
    });
    assert.equal(product.id, 'circle_pro');
    const updated = await stripe.products.update('circle_pro', { name: 'Pro+', metadata: { a: '', c: '3' }, description: '' });
    assert.deepEqual({ ...updated.metadata }, { b: '2', c: '3' });
    assert.equal(updated.description, null);
    assert.deepEqual({ ...(await stripe.products.update('circle_pro', { metadata: '' })).metadata }, {});
    const expanded = await stripe.products.retrieve('circle_pro', { expand: ['default_price'] });
    assert.equal(expanded.default_price.unit_amount, 900);
    const free = await stripe.products.create({ name: 'Free', active: false });
    assert.deepEqual(ids(await stripe.products.list({ active: false })), [free.id]);
    assert.deepEqual(ids(await stripe.products.list({ ids: ['circle_pro'] })), ['circle_pro']);
    const found = await stripe.products.search({ query: "name~'Pro' AND active:'true'" });
    assert.deepEqual(ids(found), ['circle_pro']);
    assert.deepEqual(await stripe.products.del(free.id).then(({ id, deleted }) => ({ id, deleted })), { id: free.id, deleted: true });
  });

  test('prices', async () => {
    const old = await monthly(1000, { lookup_key: 'pro', nickname: 'Pro', metadata: { plan: 'pro' }, tax_behavior: 'exclusive' });
    const next = await stripe.prices.create({
      currency: 'usd',
      unit_amount: 1200,
      product: old.product,
      recurring: { interval: 'month' },
      lookup_key: 'pro',
      transfer_lookup_key: true,
    });
    assert.equal((await stripe.prices.retrieve(old.id)).lookup_key, null);
    assert.deepEqual(ids(await stripe.prices.list({ lookup_keys: ['pro'], expand: ['data.product'] })), [next.id]);
    await stripe.prices.update(old.id, { active: false, nickname: 'Old' });
    assert.deepEqual(ids(await stripe.prices.list({ product: old.product, active: true, type: 'recurring' })), [next.id]);
    const tiered = await monthly(undefined, {
      unit_amount: undefined,
      billing_scheme: 'tiered',
      tiers_mode: 'graduated',
      tiers: [{ up_to: 5, unit_amount: 700 }, { up_to: 'inf', unit_amount: 500 }],
      expand: ['tiers'],
    });
    assert.deepEqual([tiered.tiers[0].unit_amount, tiered.tiers[1].up_to], [700, null]);
    const yen = await stripe.prices.create({ currency: 'jpy', unit_amount_decimal: '500', product: old.product });
    assert.deepEqual([yen.unit_amount, String(yen.unit_amount_decimal), yen.type], [500, '500', 'one_time']);
    assert.deepEqual(ids(await stripe.prices.search({ query: "lookup_key:'pro'" })), [next.id]);
  });

  test('customers', async () => {
    const customer = await stripe.customers.create({
      email: 'zoe@example.com',
      name: 'Zoë',
      phone: '+4912345',
      description: 'A listener',
      address: { line1: 'Ring 1', city: 'Berlin', country: 'DE', postal_code: '10115' },
      shipping: { name: 'Zoë', address: { line1: 'Ring 1', country: 'DE' } },
      preferred_locales: ['de', 'en'],
      tax_exempt: 'reverse',
      metadata: { user: '7' },
    });
    assert.equal(customer.address.city, 'Berlin');
    await stripe.customers.update(customer.id, { phone: '', address: { city: 'Hamburg' }, metadata: { user: '8' } });
    const read = await stripe.customers.retrieve(customer.id, { expand: ['subscriptions'] });
    assert.deepEqual([read.phone, read.metadata.user, read.subscriptions.data], [null, '8', []]);
    assert.deepEqual(ids(await stripe.customers.list({ email: 'zoe@example.com' })), [customer.id]);
    assert.deepEqual(ids(await stripe.customers.search({ query: "metadata['user']:'8'" })), [customer.id]);
    assert.equal((await stripe.customers.del(customer.id)).deleted, true);
    assert.equal((await stripe.customers.retrieve(customer.id)).deleted, true);
  });

  test('lists both ways', async () => {
    const made = [];
    for (let n = 0; n < 5; n++) made.unshift((await stripe.customers.create({ email: 'many@example.com' })).id);
    const all = await stripe.customers.list({ email: 'many@example.com', limit: 2 }).autoPagingToArray({ limit: 100 });
    assert.deepEqual(all.map(({ id }) => id), made);
    const back = await stripe.customers.list({ email: 'many@example.com', limit: 2, ending_before: made[4] });
    assert.deepEqual([ids(back), back.has_more], [made.slice(2, 4), true]);
  });

  test('payment methods and setup intents', async () => {
    const customer = await stripe.customers.create({});
    const method = await stripe.paymentMethods.create({
      type: 'card',
      card: { token: 'tok_mastercard' },
      billing_details: { name: 'Ann', address: { country: 'DE' } },
    });
    assert.equal(method.card.brand, 'mastercard');
    await stripe.paymentMethods.attach(method.id, { customer: customer.id });
    await stripe.paymentMethods.update(method.id, { billing_details: { name: 'Anna' }, metadata: { a: '1' } });
    assert.equal((await stripe.paymentMethods.retrieve(method.id)).billing_details.name, 'Anna');
    assert.deepEqual(ids(await stripe.paymentMethods.list({ customer: customer.id, type: 'card' })), [method.id]);
    assert.deepEqual(ids(await stripe.customers.listPaymentMethods(customer.id)), [method.id]);
    assert.equal((await stripe.customers.retrievePaymentMethod(customer.id, method.id)).id, method.id);
    assert.equal((await stripe.paymentMethods.detach(method.id)).customer, null);
    const intent = await stripe.setupIntents.create({
      customer: customer.id,
      payment_method: 'pm_card_visa',
      confirm: true,
      usage: 'off_session',
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    });
    assert.equal(intent.status, 'succeeded');
    const later = await stripe.setupIntents.create({ customer: customer.id });
    assert.equal((await stripe.setupIntents.confirm(later.id, { payment_method: 'pm_card_visa' })).status, 'succeeded');
    const dropped = await stripe.setupIntents.create({});
    assert.equal((await stripe.setupIntents.cancel(dropped.id, { cancellation_reason: 'abandoned' })).status, 'canceled');
    assert.equal((await stripe.setupIntents.retrieve(dropped.id)).cancellation_reason, 'abandoned');
  });

  test('payment intents and charges', async () => {
    const customer = await payer();
    const paid = await stripe.paymentIntents.create({
      amount: 1500,
      currency: 'eur',
      customer: customer.id,
      payment_method: 'pm_card_visa',
      confirm: true,
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      description: 'One talk',
      metadata: { talk: '1' },
      expand: ['latest_charge'],
    });
    assert.deepEqual([paid.status, paid.latest_charge.amount_captured], ['succeeded', 1500]);
    assert.equal((await stripe.charges.retrieve(paid.latest_charge.id)).payment_intent, paid.id);
    const open = await stripe.paymentIntents.create({ amount: 100, currency: 'usd' });
    assert.equal((await stripe.paymentIntents.cancel(open.id)).status, 'canceled');
    const challenged = await stripe.paymentIntents.create({ amount: 100, currency: 'usd' });
    const asked = await stripe.paymentIntents.confirm(challenged.id, {
      payment_method: 'pm_card_threeDSecure2Required',
    });
    assert.deepEqual([asked.status, asked.next_action.type], ['requires_action', 'use_stripe_sdk']);
    assert.ok(ids(await stripe.paymentIntents.list({ customer: customer.id })).includes(paid.id));
  });

  test('checkout and the portal', async () => {
    const [price, pro] = await Promise.all([monthly(900), monthly(2900)]);
    const customer = await stripe.customers.create({ email: 'ann@example.com' });
    const session = await stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: customer.id,
      client_reference_id: 'user_1',
      line_items: [{ price: price.id, quantity: 1 }],
      success_url: 'https://example.com/return?session_id={CHECKOUT_SESSION_ID}',
      cancel_url: 'https://example.com/pricing',
      allow_promotion_codes: true,
      subscription_data: { metadata: { user: '1' }, trial_period_days: 7 },
      metadata: { user: '1' },
    });
    assert.deepEqual([session.status, session.ui_mode, session.payment_status], ['open', 'hosted_page', 'unpaid']);
    assert.equal(session.expires_at - session.created, 86_400);
    assert.deepEqual(ids(await stripe.checkout.sessions.list({ customer: customer.id, status: 'open' })), [session.id]);
    await stripe.checkout.sessions.update(session.id, { metadata: { more: '2' } });
    assert.equal((await stripe.checkout.sessions.listLineItems(session.id)).data[0].price.id, price.id);
    const returned = await submit(session.url, 'name="card-number"', card());
    assert.equal(returned, `https://example.com/return?session_id=${session.id}`);
    const done = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['line_items', 'subscription.latest_invoice', 'customer', 'subscription.default_payment_method'],
    });
    assert.deepEqual([done.status, done.url, done.subscription.status], ['complete', null, 'trialing']);
    assert.equal(done.subscription.latest_invoice.billing_reason, 'subscription_create');
    assert.equal(done.line_items.data[0].quantity, 1);

    const left = await stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ price_data: { currency: 'usd', unit_amount: 500, product_data: { name: 'A talk' } }, quantity: 2 }],
      success_url: 'https://example.com/return',
      expires_at: Math.floor(Date.now() / 1000) + 3600,
    });
    assert.equal(left.amount_total, 1000);
    assert.equal((await stripe.checkout.sessions.expire(left.id)).status, 'expired');
    const setup = await stripe.checkout.sessions.create({
      mode: 'setup',
      currency: 'usd',
      customer: customer.id,
      success_url: 'https://example.com/return',
    });
    assert.deepEqual([setup.payment_status, setup.total_details], ['no_payment_required', null]);
    await submit(setup.url, 'name="card-number"', card());
    const saved = await stripe.checkout.sessions.retrieve(setup.id, { expand: ['setup_intent.payment_method'] });
    assert.equal(saved.setup_intent.payment_method.card.last4, '4242');

    const features = {
      customer_update: { enabled: true, allowed_updates: ['email', 'address'] },
      invoice_history: { enabled: true },
      payment_method_update: { enabled: true },
      subscription_cancel: {
        enabled: true,
        mode: 'at_period_end',
        cancellation_reason: { enabled: true, options: ['too_expensive', 'other'] },
      },
      subscription_update: {
        enabled: true,
        default_allowed_updates: ['price'],
        proration_behavior: 'always_invoice',
        products: [{ product: price.product, prices: [price.id] }, { product: pro.product, prices: [pro.id] }],
      },
    };
    const configuration = await stripe.billingPortal.configurations.create({
      business_profile: { headline: 'Inner Circle', privacy_policy_url: 'https://example.com/privacy' },
      features,
      metadata: { a: '1' },
    });
    await stripe.billingPortal.configurations.update(configuration.id, { business_profile: { headline: 'Circle' } });
    assert.equal((await stripe.billingPortal.configurations.retrieve(configuration.id)).business_profile.headline, 'Circle');
    assert.ok(ids(await stripe.billingPortal.configurations.list({ active: true })).includes(configuration.id));
    const subscription = done.subscription.id;
    const portal = (flow_data) =>
      stripe.billingPortal.sessions.create({
        customer: customer.id,
        configuration: configuration.id,
        return_url: 'https://example.com/account',
        flow_data,
      });
    assert.equal((await portal()).flow, null);
    const completion = { type: 'redirect', redirect: { return_url: 'https://example.com/done' } };
    const change = await portal({
      type: 'subscription_update_confirm',
      after_completion: completion,
      subscription_update_confirm: {
        subscription,
        items: [{ id: done.subscription.items.data[0].id, price: pro.id, quantity: 1 }],
      },
    });
    assert.equal(change.flow.subscription_update_confirm.items[0].price, pro.id);
    assert.equal(await submit(change.url, 'Confirm'), 'https://example.com/done');
    assert.equal((await stripe.subscriptions.retrieve(subscription)).items.data[0].price.id, pro.id);
    const cancel = await portal({ type: 'subscription_cancel', subscription_cancel: { subscription } });
    await submit(cancel.url, 'Cancel');
    const canceled = await stripe.subscriptions.retrieve(subscription);
    assert.equal(canceled.cancel_at_period_end || canceled.cancel_at !== null, true);
    for (const type of ['payment_method_update', 'customer_update']) assert.equal((await portal({ type })).flow.type, type);
  });

  test('subscriptions and their items', async () => {
    const made = await subscribe({ metadata: { story: 'items' }, expand: ['latest_invoice.payments', 'customer'] });
    assert.deepEqual([made.status, made.latest_invoice.payments.data[0].status], ['active', 'paid']);
    assert.equal(made.current_period_end, undefined);
    assert.ok(made.items.data[0].current_period_end > made.items.data[0].current_period_start);
    const pro = await monthly(3000);
    const changed = await stripe.subscriptions.update(made.id, {
      items: [{ id: made.items.data[0].id, price: pro.id, quantity: 2 }],
      proration_behavior: 'always_invoice',
      payment_behavior: 'error_if_incomplete',
    });
    assert.equal(changed.items.data[0].quantity, 2);
    const ending = await stripe.subscriptions.update(made.id, { cancel_at_period_end: true });
    assert.equal(ending.cancel_at, ending.items.data[0].current_period_end);
    assert.equal(ending.status, 'active');
    const going = await stripe.subscriptions.update(made.id, { cancel_at_period_end: false });
    assert.deepEqual([going.cancel_at, going.canceled_at], [null, null]);
    const held = await stripe.subscriptions.update(made.id, { pause_collection: { behavior: 'void' } });
    assert.deepEqual([held.pause_collection.behavior, held.status], ['void', 'active']);
    assert.equal((await stripe.subscriptions.update(made.id, { pause_collection: '' })).pause_collection, null);
    const extra = await monthly(100);
    const item = await stripe.subscriptionItems.create({ subscription: made.id, price: extra.id, quantity: 3 });
    assert.equal((await stripe.subscriptionItems.update(item.id, { quantity: 4 })).quantity, 4);
    assert.equal((await stripe.subscriptionItems.retrieve(item.id)).subscription, made.id);
    assert.equal((await stripe.subscriptionItems.list({ subscription: made.id })).data.length, 2);
    assert.equal((await stripe.subscriptionItems.del(item.id)).deleted, true);
    const customer = made.customer.id;
    assert.deepEqual(ids(await stripe.subscriptions.list({ customer, price: pro.id })), [made.id]);
    assert.deepEqual(ids(await stripe.subscriptions.search({ query: "status:'active' AND metadata['story']:'items'" })), [made.id]);
    const gone = await stripe.subscriptions.cancel(made.id, { cancellation_details: { comment: 'bye', feedback: 'unused' } });
    assert.deepEqual([gone.status, gone.cancellation_details.reason], ['canceled', 'cancellation_requested']);
    assert.deepEqual(ids(await stripe.subscriptions.list({ customer })), []);
    assert.deepEqual(ids(await stripe.subscriptions.list({ customer, status: 'all' })), [made.id]);
  });

  test('trials, failed payments and time', async () => {
    const trial = await subscribe({ trial_period_days: 14 });
    assert.deepEqual([trial.status, trial.trial_end - trial.trial_start], ['trialing', 14 * 86_400]);
    assert.equal((await stripe.subscriptions.update(trial.id, { trial_end: 'now' })).status, 'active');
    const unable = await payer('pm_card_chargeCustomerFail');
    const price = await monthly(800);
    const incomplete = await stripe.subscriptions.create({
      customer: unable.id,
      items: [{ price: price.id }],
      payment_behavior: 'default_incomplete',
      expand: ['latest_invoice.confirmation_secret', 'pending_setup_intent'],
    });
    assert.equal(incomplete.status, 'incomplete');
    assert.equal(incomplete.latest_invoice.confirmation_secret.type, 'payment_intent');
    await advance(sandbox.base, '1day');
    assert.equal((await stripe.subscriptions.retrieve(incomplete.id)).status, 'incomplete_expired');
    const renewed = await subscribe();
    await advance(sandbox.base, '1month');
    const after = await stripe.subscriptions.retrieve(renewed.id, { expand: ['latest_invoice'] });
    assert.equal(after.latest_invoice.billing_reason, 'subscription_cycle');
  });

  test('invoices', async () => {
    const customer = await payer();
    const item = await stripe.invoiceItems.create({ customer: customer.id, amount: 700, currency: 'usd', description: 'A talk' });
    assert.equal((await stripe.invoiceItems.retrieve(item.id)).amount, 700);
    assert.deepEqual(ids(await stripe.invoiceItems.list({ customer: customer.id, pending: true })), [item.id]);
    const draft = await stripe.invoices.create({
      customer: customer.id,
      pending_invoice_items_behavior: 'include',
      collection_method: 'send_invoice',
      days_until_due: 30,
      description: 'Thank you',
    });
    assert.deepEqual([draft.status, draft.total], ['draft', 700]);
    await stripe.invoices.update(draft.id, { metadata: { a: '1' } });
    const open = await stripe.invoices.finalizeInvoice(draft.id);
    assert.equal(open.status, 'open');
    assert.match(open.hosted_invoice_url, /^http/);
    assert.equal((await stripe.invoices.sendInvoice(draft.id)).status, 'open');
    const paid = await stripe.invoices.pay(draft.id, { payment_method: 'pm_card_visa', expand: ['payments.data.payment.payment_intent'] });
    assert.equal(paid.status, 'paid');
    assert.equal(paid.payments.data[0].payment.payment_intent.status, 'succeeded');
    assert.equal((await stripe.invoices.listLineItems(draft.id)).data[0].amount, 700);
    assert.equal((await stripe.invoicePayments.list({ invoice: draft.id })).data[0].status, 'paid');
    assert.deepEqual(ids(await stripe.invoices.list({ customer: customer.id, status: 'paid' })), [draft.id]);
    const another = async () => {
      await stripe.invoiceItems.create({ customer: customer.id, amount: 100, currency: 'usd' });
      return stripe.invoices.create({ customer: customer.id, pending_invoice_items_behavior: 'include' });
    };
    const lost = await another();
    await stripe.invoices.finalizeInvoice(lost.id);
    assert.equal((await stripe.invoices.markUncollectible(lost.id)).status, 'uncollectible');
    assert.equal((await stripe.invoices.voidInvoice(lost.id)).status, 'void');
    const removed = await another();
    assert.equal((await stripe.invoices.del(removed.id)).deleted, true);
    const dropped = await stripe.invoiceItems.create({ customer: customer.id, amount: 1, currency: 'usd' });
    assert.equal((await stripe.invoiceItems.del(dropped.id)).deleted, true);
    const made = await subscribe();
    const pro = await monthly(5000);
    const preview = await stripe.invoices.createPreview({
      customer: made.customer,
      subscription: made.id,
      subscription_details: { items: [{ id: made.items.data[0].id, price: pro.id }], proration_behavior: 'always_invoice' },
    });
    assert.deepEqual([preview.billing_reason, preview.lines.data.length], ['upcoming', 2]);
    assert.equal(preview.lines.data[1].pricing.price_details.price, pro.id);
  });

  test('refunds', async () => {
    const intent = await stripe.paymentIntents.create({
      amount: 1000,
      currency: 'usd',
      payment_method: 'pm_card_visa',
      confirm: true,
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    });
    const part = await stripe.refunds.create({ payment_intent: intent.id, amount: 400, reason: 'requested_by_customer' });
    assert.deepEqual([part.status, part.amount, part.charge], ['succeeded', 400, intent.latest_charge]);
    await stripe.refunds.create({ charge: intent.latest_charge });
    const charge = await stripe.charges.retrieve(intent.latest_charge, { expand: ['refunds'] });
    assert.deepEqual([charge.refunded, charge.amount_refunded, charge.refunds.data.length], [true, 1000, 2]);
    await stripe.refunds.update(part.id, { metadata: { a: '1' } });
    assert.equal((await stripe.refunds.retrieve(part.id)).metadata.a, '1');
    assert.equal((await stripe.refunds.list({ charge: charge.id })).data.length, 2);
  });

  test('coupons and promotion codes', async () => {
    const coupon = await stripe.coupons.create({ id: 'SUMMER', percent_off: 25.5, duration: 'repeating', duration_in_months: 3, name: 'Summer' });
    assert.deepEqual([coupon.id, coupon.percent_off, coupon.valid], ['SUMMER', 25.5, true]);
    await stripe.coupons.update('SUMMER', { name: 'Winter', metadata: { a: '1' } });
    assert.equal((await stripe.coupons.retrieve('SUMMER')).name, 'Winter');
    assert.deepEqual(ids(await stripe.coupons.list()), ['SUMMER']);
    const code = await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: 'SUMMER' }, code: 'SUN' });
    assert.deepEqual(ids(await stripe.promotionCodes.list({ code: 'SUN' })), [code.id]);
    const discounted = await subscribe({ discounts: [{ coupon: 'SUMMER' }], expand: ['discounts', 'latest_invoice'] });
    assert.equal(discounted.discounts[0].source.coupon, 'SUMMER');
    assert.equal(discounted.latest_invoice.total, 745);
    assert.equal((await stripe.promotionCodes.update(code.id, { active: false })).active, false);
    assert.equal((await stripe.coupons.del('SUMMER')).deleted, true);
  });

  test('events and webhook endpoints', async () => {
    const endpoint = await stripe.webhookEndpoints.create({
      url: receiver.url,
      enabled_events: ['product.created', 'product.updated'],
      description: 'The tests',
      metadata: { a: '1' },
      api_version: apiVersion,
    });
    assert.match(endpoint.secret, /^whsec_/);
    assert.equal((await stripe.webhookEndpoints.retrieve(endpoint.id)).secret, undefined);
    const product = await stripe.products.create({ name: 'Before' }, { idempotencyKey: 'event-1' });
    await stripe.products.update(product.id, { name: 'After' });
    const { headers, body } = await receiver.delivered(({ body }) => JSON.parse(body).type === 'product.updated');
    const event = stripe.webhooks.constructEvent(body, headers['stripe-signature'], endpoint.secret);
    assert.deepEqual([event.data.previous_attributes.name, event.api_version], ['Before', apiVersion]);
    const [updated, created] = (await stripe.events.list({ types: ['product.created', 'product.updated'], limit: 2 })).data;
    assert.deepEqual([updated.id, created.request.idempotency_key], [event.id, 'event-1']);
    assert.equal((await stripe.events.retrieve(created.id)).data.object.name, 'Before');
    const disabled = await stripe.webhookEndpoints.update(endpoint.id, { disabled: true, enabled_events: ['*'] });
    assert.equal(disabled.status, 'disabled');
    assert.deepEqual(ids(await stripe.webhookEndpoints.list()), [endpoint.id]);
    assert.equal((await stripe.webhookEndpoints.del(endpoint.id)).deleted, true);
  });

  test('the account', async () => {
    assert.match((await stripe.accounts.retrieveCurrent()).id, /^acct_/);
  });
}
