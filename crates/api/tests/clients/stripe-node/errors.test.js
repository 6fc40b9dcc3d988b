// What stripe-node makes of the sandbox's refusals.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Stripe from 'stripe';
import { KEY, startSandbox, stopAll } from '../support/circle.js';

const { errors } = Stripe;
let sandbox, stripe;

function client(key, options = {}) {
  return new Stripe(key, { host: '127.0.0.1', port: sandbox.port, protocol: 'http', ...options });
}

before(async () => {
  sandbox = await startSandbox();
  stripe = client(KEY);
});
after(stopAll);

/** The error that a call ends with. */
async function refusal(call) {
  return call.then(
    (value) => assert.fail(`not refused: ${JSON.stringify(value)}`),
    (error) => error,
  );
}

test('keys', async () => {
  const live = await refusal(client('sk_live_of_somebody_else').customers.list());
  assert.ok(live instanceof errors.StripeAuthenticationError);
  assert.match(live.message, /^Invalid API Key provided: sk_live_\*+else$/);
  const publishable = await refusal(client('pk_test_123').customers.list());
  assert.ok(publishable instanceof errors.StripePermissionError);
  assert.equal(publishable.code, 'secret_key_required');
});

test('parameters', async () => {
  const unknown = await refusal(stripe.customers.create({ emial: 'a@example.com' }));
  assert.ok(unknown instanceof errors.StripeInvalidRequestError);
  assert.deepEqual([unknown.code, unknown.param, unknown.statusCode], ['parameter_unknown', 'emial', 400]);
  assert.match(unknown.message, /^Received unknown parameter: emial/);
  assert.match(unknown.doc_url, /^https:\/\/(docs\.)?stripe\.com\/(docs\/)?error-codes\/parameter-unknown$/);
  assert.match(unknown.requestId, /^req_/);
  assert.equal(unknown.headers['stripe-should-retry'], 'false');
  const missing = await refusal(stripe.products.create({}));
  assert.deepEqual([missing.code, missing.param], ['parameter_missing', 'name']);
  assert.equal(missing.message, 'Missing required param: name.');
  const nested = await refusal(
    stripe.prices.create({ currency: 'usd', unit_amount: 1, product_data: { name: 'a' }, recurring: { interval: 'fortnight' } }),
  );
  assert.equal(nested.param, 'recurring[interval]');
  assert.match(nested.message, /must be one of/);
  const integer = await refusal(stripe.prices.create({ currency: 'usd', unit_amount: 1.5, product_data: { name: 'a' } }));
  assert.deepEqual([integer.code, integer.param], ['parameter_invalid_integer', 'unit_amount']);
  const empty = await refusal(stripe.products.create({ name: '' }));
  assert.equal(empty.code, 'parameter_invalid_empty');
});

test('what is not there', async () => {
  const inPath = await refusal(stripe.customers.retrieve('cus_nobody'));
  assert.deepEqual([inPath.statusCode, inPath.code, inPath.param], [404, 'resource_missing', 'id']);
  assert.equal(inPath.message, "No such customer: 'cus_nobody'");
  const customer = await stripe.customers.create({});
  const inBody = await refusal(stripe.subscriptions.create({ customer: customer.id, items: [{ price: 'price_none' }] }));
  assert.deepEqual([inBody.statusCode, inBody.code, inBody.param], [400, 'resource_missing', 'items[0][price]']);
  assert.equal(inBody.message, "No such price: 'price_none'");
  const address = await refusal(stripe.rawRequest('GET', '/v1/nothing'));
  assert.equal(address.statusCode, 404);
  assert.match(address.message, /^Unrecognized request URL \(GET: \/v1\/nothing\)/);
});

test('cards', async () => {
  const customer = await stripe.customers.create({});
  const declined = await refusal(stripe.paymentMethods.attach('pm_card_chargeDeclined', { customer: customer.id }));
  assert.ok(declined instanceof errors.StripeCardError);
  assert.deepEqual([declined.statusCode, declined.code, declined.decline_code], [402, 'card_declined', 'generic_decline']);
  const funds = await refusal(
    stripe.paymentIntents.create({
      amount: 1000,
      currency: 'usd',
      payment_method: 'pm_card_visa_chargeDeclinedInsufficientFunds',
      confirm: true,
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    }),
  );
  assert.deepEqual([funds.code, funds.decline_code], ['card_declined', 'insufficient_funds']);
  assert.equal(funds.payment_intent.status, 'requires_payment_method');
  assert.match(funds.charge, /^ch_/);
});

test('idempotency', async () => {
  const options = { idempotencyKey: 'one' };
  const first = await stripe.customers.create({ name: 'a' }, options);
  const again = await stripe.customers.create({ name: 'a' }, options);
  assert.equal(again.id, first.id);
  assert.equal(again.lastResponse.headers['idempotent-replayed'], 'true');
  assert.equal(again.lastResponse.headers['original-request'], first.lastResponse.requestId);
  const other = await refusal(stripe.customers.create({ name: 'b' }, options));
  assert.ok(other instanceof errors.StripeIdempotencyError);
  assert.match(other.message, /^Keys for idempotent requests can only be used with the same/);
});

test('versions', async () => {
  const unknown = await refusal(client(KEY, { apiVersion: '2019-13-01' }).customers.list());
  assert.equal(unknown.statusCode, 400);
  assert.match(unknown.message, /Invalid Stripe API version/);
});

test('the rate limit', async () => {
  const limit = (rate_limit) => fetch(`${sandbox.base}/_sandbox/protocol`, { method: 'POST', body: JSON.stringify({ rate_limit }) });
  await limit(0);
  const limited = await refusal(stripe.customers.list());
  assert.ok(limited instanceof errors.StripeRateLimitError);
  assert.equal(limited.code, 'rate_limit');
  await limit(null);
  await stripe.customers.list();
});
