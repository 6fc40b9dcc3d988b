// Each of the CLI's triggers about billing, and its event: the CLI says "succeeded" whatever events came of it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KEY, startSandbox, stopAll } from '../support/circle.js';
import { stripeCli } from '../support/cli.js';

const TRIGGERS = [
  'charge.dispute.created',
  'charge.refunded',
  'checkout.session.completed',
  'checkout.session.expired',
  'customer.created',
  'customer.deleted',
  'customer.discount.created',
  'customer.subscription.created',
  'customer.subscription.deleted',
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
  'payment_method.attached',
  'payment_method.detached',
  'payment_method.updated',
  'price.created',
  'price.updated',
  'product.created',
  'product.deleted',
  'product.updated',
];

let sandbox, cli;
before(async () => {
  sandbox = await startSandbox();
  cli = stripeCli(sandbox.base);
});
after(async () => {
  cli.stop();
  await stopAll();
});

for (const type of TRIGGERS) {
  test(`stripe trigger ${type}`, async () => {
    const newest = async () => {
      const answer = await fetch(`${sandbox.base}/v1/events?type=${type}&limit=1`, { headers: { Authorization: `Bearer ${KEY}` } });
      return (await answer.json()).data[0]?.id;
    };
    const before = await newest();
    await cli.run('trigger', type);
    const event = await newest();
    assert.ok(event && event !== before, `there is no ${type}`);
  });
}
