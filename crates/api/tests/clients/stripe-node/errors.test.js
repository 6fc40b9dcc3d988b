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

const control = (path, settings, method = 'POST') =>
  fetch(`${sandbox.base}/_sandbox/${path}`, { method, body: settings && JSON.stringify(settings) });

test('restricted keys', async () => {
  await control('protocol', { restricted_keys: { rk_test_reader: ['rak_customer_read'] } });
  const reader = client('rk_test_reader');
  await reader.customers.list();
  const refused = await refusal(reader.customers.create({}));
  assert.ok(refused instanceof errors.StripePermissionError);
  assert.match(refused.message, /Having the 'rak_customer_write' permission would allow this request to continue/);
  await control('protocol', {});
});

test('when Stripe is in trouble', async () => {
  for (const [rule, kind, status] of [
    [{ kind: 'error', status: 500 }, errors.StripeAPIError, 500],
    [{ kind: 'error', status: 503 }, errors.StripeAPIError, 503],
    [{ kind: 'error', status: 409 }, errors.StripeAPIError, 409],
    [{ kind: 'reset' }, errors.StripeConnectionError, undefined],
    [{ kind: 'timeout', seconds: 0 }, errors.StripeConnectionError, undefined],
  ]) {
    await control('faults', { rules: [{ on: 'api', ...rule }] });
    const error = await refusal(client(KEY, { maxNetworkRetries: 0 }).customers.create({}));
    assert.ok(error instanceof kind, `${JSON.stringify(rule)}: ${error}`);
    assert.equal(error.statusCode, status);
  }
  await control('faults', null, 'DELETE');
});

test('a call that is tried again has done its work once', async () => {
  for (const kind of [{ kind: 'reset' }, { kind: 'error', status: 500 }]) {
    await control('faults', { rules: [{ on: 'api', method: 'POST', when: 'after', times: 1, ...kind }] });
    const email = `once-${kind.kind}@example.com`;
    const customer = await stripe.customers.create({ email });
    const { data } = await stripe.customers.list({ email });
    assert.deepEqual(data.map(({ id }) => id), [customer.id]);
  }
  await control('faults', null, 'DELETE');
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
  const cursor = await refusal(stripe.customers.list({ starting_after: 'cus_nobody' }));
  assert.deepEqual([cursor.code, cursor.param], ['resource_missing', 'starting_after']);
  const both = await refusal(stripe.customers.list({ starting_after: 'cus_a', ending_before: 'cus_b' }));
  assert.match(both.message, /both/);
  const search = await refusal(stripe.customers.search({ query: 'name' }));
  assert.match(search.message, /^We were unable to parse your search query/);
  const deep = await refusal(stripe.subscriptions.list({ expand: ['data.items.data.price.product'] }));
  assert.equal(deep.code, 'property_expansion_max_depth');
  const expanded = await refusal(stripe.customers.list({ expand: ['data.email'] }));
  assert.match(expanded.message, /^This property cannot be expanded \(data\.email\)/);
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
