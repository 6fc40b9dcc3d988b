// Resource commands and fixtures of the official CLI.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startSandbox, stopAll } from '../support/circle.js';
import { stripeCli } from '../support/cli.js';

let sandbox, cli;
before(async () => {
  sandbox = await startSandbox();
  cli = stripeCli(sandbox.base);
});
after(async () => {
  cli.stop();
  await stopAll();
});

const run = async (...args) => JSON.parse(await cli.run(...args));

test('products and prices, whose lookup key moves on', async () => {
  const product = await run('products', 'create', '--id', 'circle_pro', '--name', 'Pro', '-d', 'metadata[plan]=pro');
  assert.deepEqual([product.id, product.metadata.plan], ['circle_pro', 'pro']);
  const price = (amount, ...more) =>
    run('prices', 'create', '--product', 'circle_pro', '--unit-amount', amount, '--currency', 'usd',
      '--recurring.interval', 'month', '--lookup-key', 'pro', ...more);
  const old = await price('1000');
  const next = await price('1200', '--transfer-lookup-key=true');
  assert.equal((await run('prices', 'retrieve', old.id)).lookup_key, null);
  const listed = await run('prices', 'list', '-d', 'lookup_keys[]=pro', '-d', 'expand[]=data.product');
  assert.deepEqual(listed.data.map(({ id, product }) => [id, product.name]), [[next.id, 'Pro']]);
  assert.equal((await run('products', 'update', 'circle_pro', '--description', 'All of it')).description, 'All of it');
});

test('get, post and delete', async () => {
  const customer = await run('post', '/v1/customers', '-d', 'email=ann@example.com', '-d', 'metadata[a]=1');
  assert.equal((await run('get', `/v1/customers/${customer.id}`)).email, 'ann@example.com');
  assert.equal((await run('get', '/v1/customers', '-d', 'email=ann@example.com')).data[0].id, customer.id);
  assert.equal((await run('delete', `/v1/customers/${customer.id}`, '--confirm')).deleted, true);
});

test('fixtures', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fixtures-'));
  const file = join(folder, 'fixtures.json');
  const fixtures = [
    { name: 'plan', path: '/v1/products', method: 'post', params: { name: 'Pro' } },
    {
      name: 'price',
      path: '/v1/prices',
      method: 'post',
      params: { product: '${plan:id}', currency: 'usd', unit_amount: 1000, recurring: { interval: 'month' } },
    },
    {
      name: 'listener',
      path: '/v1/customers',
      method: 'post',
      params: { payment_method: 'pm_card_visa', invoice_settings: { default_payment_method: 'pm_card_visa' } },
    },
    {
      name: 'subscription',
      path: '/v1/subscriptions',
      method: 'post',
      params: { customer: '${listener:id}', items: [{ price: '${price:id}' }] },
    },
  ];
  writeFileSync(file, JSON.stringify({ _meta: { template_version: 0 }, fixtures }));
  await cli.run('fixtures', file);
  rmSync(folder, { recursive: true });
  const [subscription] = (await run('subscriptions', 'list')).data;
  assert.deepEqual([subscription.status, subscription.plan.amount, subscription.quantity], ['active', 1000, 1]);
});
