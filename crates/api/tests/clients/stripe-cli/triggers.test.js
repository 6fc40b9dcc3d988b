// Each of the CLI's triggers about billing, and its event: the CLI says "succeeded" whatever events came of it.

import { after, before, test } from 'node:test';
import { KEY, startSandbox, stopAll, until } from '../support/circle.js';
import { stripeCli } from '../support/cli.js';

const TRIGGERS = [
  'billing_portal.configuration.created',
  'billing_portal.configuration.updated',
  'billing_portal.session.created',
  'charge.captured',
  'charge.dispute.closed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.failed',
  'charge.refund.updated',
  'charge.refunded',
  'charge.succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.completed',
  'checkout.session.expired',
  'coupon.created',
  'coupon.deleted',
  'coupon.updated',
  'customer.created',
  'customer.deleted',
  'customer.discount.created',
  'customer.discount.deleted',
  'customer.discount.updated',
  'customer.source.created',
  'customer.source.updated',
  'customer.subscription.created',
  'customer.subscription.deleted',
  'customer.subscription.paused',
  'customer.subscription.trial_will_end',
  'customer.subscription.updated',
  'customer.updated',
  'invoice.created',
  'invoice.deleted',
  'invoice.finalized',
  'invoice.marked_uncollectible',
  'invoice.paid',
  'invoice.payment_action_required',
  'invoice.payment_failed',
  'invoice.payment_succeeded',
  'invoice.sent',
  'invoice.updated',
  'invoice.voided',
  'invoiceitem.created',
  'invoiceitem.deleted',
  'payment_intent.amount_capturable_updated',
  'payment_intent.canceled',
  'payment_intent.created',
  'payment_intent.payment_failed',
  'payment_intent.processing',
  'payment_intent.requires_action',
  'payment_intent.succeeded',
  'payment_method.attached',
  'payment_method.detached',
  'payment_method.updated',
  'plan.created',
  'plan.deleted',
  'plan.updated',
  'price.created',
  'price.updated',
  'product.created',
  'product.deleted',
  'product.updated',
  'promotion_code.created',
  'promotion_code.updated',
  'setup_intent.canceled',
  'setup_intent.created',
  'setup_intent.requires_action',
  'setup_intent.setup_failed',
  'setup_intent.succeeded',
  'subscription_schedule.canceled',
  'subscription_schedule.completed',
  'subscription_schedule.created',
  'subscription_schedule.released',
  'subscription_schedule.updated',
  'tax_rate.created',
  'tax_rate.updated',
  'test_helpers.test_clock.advancing',
  'test_helpers.test_clock.created',
  'test_helpers.test_clock.deleted',
  'test_helpers.test_clock.ready',
];

/** Those that are no event's name, and the event that comes of them. */
const OTHERWISE_NAMED = {
  'subscription.payment_failed': 'invoice.payment_failed',
  'subscription.payment_succeeded': 'invoice.payment_succeeded',
};

let sandbox, cli;
before(async () => {
  sandbox = await startSandbox();
  cli = stripeCli(sandbox.base);
});
after(async () => {
  cli.stop();
  await stopAll();
});

const ask = async (method, path, form) => {
  const body = form && new URLSearchParams(form);
  const answer = await fetch(`${sandbox.base}/v1/${path}`, { method, body, headers: { Authorization: `Bearer ${KEY}` } });
  return answer.json();
};

const newest = async (type) => (await ask('GET', `events?type=${type}&limit=1`)).data[0];

/** Waits for an event that was not there before: what the clock does, it does some moments after what asks for it. */
const comes = (type, before) => until(async () => (await newest(type))?.id !== before?.id);

const named = [...TRIGGERS.map((type) => [type, type]), ...Object.entries(OTHERWISE_NAMED)];
for (const [trigger, type] of named) {
  test(`stripe trigger ${trigger}`, { timeout: 20_000 }, async () => {
    const before = await newest(type);
    await cli.run('trigger', trigger);
    await comes(type, before);
  });
}

// It stops its clock nine days before the schedule's end, of which Stripe tells seven days ahead.
test('stripe trigger subscription_schedule.expiring', { timeout: 20_000 }, async () => {
  const type = 'subscription_schedule.expiring';
  const before = await newest(type);
  await cli.run('trigger', type);
  const [clock] = (await ask('GET', 'test_helpers/test_clocks?limit=1')).data;
  await until(async () => (await ask('GET', `test_helpers/test_clocks/${clock.id}`)).status === 'ready');
  const [schedule] = (await ask('GET', 'subscription_schedules?limit=1')).data;
  const end = schedule.phases.at(-1).end_date;
  await ask('POST', `test_helpers/test_clocks/${clock.id}/advance`, { frozen_time: end - 7 * 86_400 });
  await comes(type, before);
});
