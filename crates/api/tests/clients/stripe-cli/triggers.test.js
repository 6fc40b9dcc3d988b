// Each of the CLI's triggers about billing, and its event: the CLI says "succeeded" whatever events came of it.

import { after, before, test } from 'node:test';
import { KEY, advance, startSandbox, stopAll, until } from '../support/circle.js';
import { stripeCli } from '../support/cli.js';

const TRIGGERS = [
  'charge.captured',
  'charge.dispute.closed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.failed',
  'charge.refund.updated',
  'charge.refunded',
  'charge.succeeded',
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
  'test_helpers.test_clock.advancing',
  'test_helpers.test_clock.created',
  'test_helpers.test_clock.deleted',
  'test_helpers.test_clock.ready',
];

/** Those whose event takes the bank some days. */
const LATE_TRIGGERS = ['checkout.session.async_payment_succeeded'];

let sandbox, cli;
before(async () => {
  sandbox = await startSandbox();
  cli = stripeCli(sandbox.base);
});
after(async () => {
  cli.stop();
  await stopAll();
});

for (const type of [...TRIGGERS, ...LATE_TRIGGERS]) {
  test(`stripe trigger ${type}`, { timeout: 20_000 }, async () => {
    const newest = async () => {
      const answer = await fetch(`${sandbox.base}/v1/events?type=${type}&limit=1`, { headers: { Authorization: `Bearer ${KEY}` } });
      return (await answer.json()).data[0]?.id;
    };
    const before = await newest();
    await cli.run('trigger', type);
    if (LATE_TRIGGERS.includes(type)) await advance(sandbox.base, '14days');
    // What the clock does, it does some moments after the call that asked for it.
    await until(async () => (await newest()) !== before);
  });
}
