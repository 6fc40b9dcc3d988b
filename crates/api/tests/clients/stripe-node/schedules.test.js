// stripe-node through what runs by time and by dispute: schedules, test clocks, disputes and sources.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Stripe from 'stripe';
import { KEY, startSandbox, stopAll } from '../support/circle.js';

const DAY = 86_400;

let stripe;
before(async () => {
  const { port } = await startSandbox();
  stripe = new Stripe(KEY, { host: '127.0.0.1', port, protocol: 'http' });
});
after(stopAll);

const monthly = (unit_amount) =>
  stripe.prices.create({
    currency: 'usd',
    unit_amount,
    recurring: { interval: 'month' },
    product_data: { name: `Plan of ${unit_amount}` },
  });

const payer = (more = {}) =>
  stripe.customers.create({
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
    ...more,
  });

/** Moves a test clock and waits, as one has to with Stripe, until it is there. */
async function moveClock(id, frozen_time) {
  const moving = await stripe.testHelpers.testClocks.advance(id, { frozen_time });
  assert.deepEqual([moving.status, moving.status_details.advancing.target_frozen_time], ['advancing', frozen_time]);
  for (;;) {
    const clock = await stripe.testHelpers.testClocks.retrieve(id);
    if (clock.status === 'ready') return clock;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a schedule takes a subscription through its phases', async () => {
  const start = Math.floor(Date.now() / 1000);
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: start, name: 'phases' });
  const customer = await payer({ test_clock: clock.id });
  const [cheap, dear] = await Promise.all([monthly(1000), monthly(3000)]);
  const schedule = await stripe.subscriptionSchedules.create({
    customer: customer.id,
    start_date: 'now',
    end_behavior: 'cancel',
    phases: [
      { items: [{ price: cheap.id, quantity: 1 }], duration: { interval: 'month', interval_count: 1 } },
      { items: [{ price: dear.id, quantity: 2 }], duration: { interval: 'month', interval_count: 1 } },
    ],
  });
  assert.deepEqual([schedule.status, schedule.phases.length, schedule.test_clock], ['active', 2, clock.id]);
  assert.equal(schedule.current_phase.start_date, start);
  const noted = await stripe.subscriptionSchedules.update(schedule.id, { metadata: { note: 'a' } });
  assert.equal(noted.metadata.note, 'a');

  await moveClock(clock.id, schedule.phases[1].start_date + DAY);
  const running = await stripe.subscriptions.retrieve(schedule.subscription, { expand: ['schedule'] });
  assert.deepEqual(running.items.data.map(({ price, quantity }) => [price.id, quantity]), [[dear.id, 2]]);
  assert.equal(running.schedule.current_phase.start_date, schedule.phases[1].start_date);
  await moveClock(clock.id, schedule.phases[1].end_date + DAY);
  assert.equal((await stripe.subscriptions.retrieve(schedule.subscription)).status, 'canceled');
  assert.equal((await stripe.subscriptionSchedules.retrieve(schedule.id)).status, 'completed');
  const { data } = await stripe.subscriptionSchedules.list({ customer: customer.id });
  assert.deepEqual(data.map(({ id }) => id), [schedule.id]);
});

test('a schedule is made of a subscription, released and canceled', async () => {
  const [price, customer] = await Promise.all([monthly(1000), payer()]);
  const subscription = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] });
  const made = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
  assert.equal(made.phases[0].items[0].price, price.id);
  const released = await stripe.subscriptionSchedules.release(made.id);
  assert.deepEqual(
    [released.status, released.subscription, released.released_subscription],
    ['released', null, subscription.id],
  );
  const again = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
  assert.equal((await stripe.subscriptionSchedules.cancel(again.id)).status, 'canceled');
  assert.equal((await stripe.subscriptions.retrieve(subscription.id)).status, 'canceled');
  await assert.rejects(stripe.subscriptionSchedules.release(again.id), /`canceled` status/);
});

test('test clocks go ahead, and take everything of theirs with them', async () => {
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: 1_830_000_000 });
  const customer = await payer({ test_clock: clock.id });
  assert.equal(customer.created, 1_830_000_000);
  await assert.rejects(stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: 1 }), {
    type: 'StripeInvalidRequestError',
    param: 'frozen_time',
  });
  const { data } = await stripe.testHelpers.testClocks.list();
  assert.ok(data.some(({ id }) => id === clock.id));
  assert.equal((await stripe.testHelpers.testClocks.del(clock.id)).deleted, true);
  assert.equal((await stripe.customers.retrieve(customer.id)).deleted, true);
});

test('disputes', async () => {
  const paid = await stripe.paymentIntents.create({
    amount: 1000,
    currency: 'usd',
    payment_method: 'pm_card_createDispute',
    confirm: true,
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    expand: ['latest_charge'],
  });
  const { data } = await stripe.disputes.list({ payment_intent: paid.id });
  const [dispute] = data;
  assert.deepEqual([dispute.amount, dispute.status, dispute.reason], [1000, 'needs_response', 'fraudulent']);
  assert.equal((await stripe.charges.retrieve(dispute.charge)).disputed, true);
  const noted = await stripe.disputes.update(dispute.id, { metadata: { a: '1' }, evidence: { product_description: 'Pro' } });
  assert.deepEqual([noted.metadata.a, noted.evidence.product_description], ['1', 'Pro']);
  assert.equal((await stripe.disputes.close(dispute.id)).status, 'lost');
  assert.equal((await stripe.disputes.retrieve(dispute.id)).status, 'lost');
});

test('sources and tokens', async () => {
  const token = await stripe.tokens.create({
    card: { number: '4242424242424242', exp_month: '12', exp_year: '2040', cvc: '123' },
  });
  const customer = await stripe.customers.create({ source: token.id, expand: ['sources'] });
  assert.deepEqual(customer.sources.data.map(({ id }) => id), [customer.default_source]);
  const second = await stripe.customers.createSource(customer.id, { source: 'tok_mastercard' });
  assert.deepEqual([second.object, second.brand], ['card', 'MasterCard']);
  assert.equal((await stripe.customers.listSources(customer.id)).data.length, 2);
  const named = await stripe.customers.updateSource(customer.id, second.id, { name: 'Ann' });
  assert.equal(named.name, 'Ann');
  assert.equal((await stripe.customers.retrieveSource(customer.id, second.id)).name, 'Ann');
  assert.equal((await stripe.customers.deleteSource(customer.id, customer.default_source)).deleted, true);
  assert.equal((await stripe.customers.retrieve(customer.id)).default_source, second.id);
});
