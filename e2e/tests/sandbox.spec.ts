// The sandbox's dashboard: where a developer looks when something is odd.

import { audit } from '../support/audit.ts'
import { type Circle } from '../support/circle.ts'
import { expect, test } from '../support/test.ts'

/** Subscribes somebody by the API alone. */
async function subscribeByApi(circle: Circle, email: string): Promise<void> {
  const prices = await circle.stripe<{ data: { id: string }[] }>('GET', '/v1/prices?lookup_keys[0]=pro')
  const customer = await circle.stripe<{ id: string }>('POST', '/v1/customers', {
    email,
    payment_method: 'pm_card_visa',
    'invoice_settings[default_payment_method]': 'pm_card_visa',
  })
  await circle.stripe('POST', '/v1/subscriptions', {
    customer: customer.id,
    'items[0][price]': prices.data[0]?.id ?? '',
  })
}

// Nine pages, each looked at in four ways.
test.describe.configure({ timeout: 240_000 })

test('the dashboard shows what happened, moves the clock, sends again and breaks things', async ({ page, circle }) => {
  const email = 'dashboard@example.com'
  await subscribeByApi(circle, email)
  await page.goto(circle.sandboxUrl)
  await expect(page.getByRole('banner')).toContainText('This page is not Stripe')
  await expect(page.getByRole('region', { name: 'Last events' }).getByRole('listitem').first()).toBeVisible()
  await audit(page, 'dashboard')

  await test.step('the clock moves ahead', async () => {
    const before = await page.getByTestId('now').textContent()
    await page.getByRole('button', { name: 'Ahead 1 day' }).click()
    await expect(page.getByTestId('now')).not.toHaveText(before ?? '')
    await expect(page.getByText('Ahead of this machine')).toBeVisible()
  })

  await test.step('a customer is found by e-mail, and leads to everything about them', async () => {
    await page.getByRole('searchbox', { name: 'Search by id or e-mail' }).fill(email)
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByRole('main').getByRole('link', { name: /^cus_/ }).click()
    await audit(page, 'dashboard-customer')
    await page.getByRole('region', { name: 'Subscriptions' }).getByRole('link', { name: /^sub_/ }).click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('subscription')
    await expect(page.getByText('active', { exact: true }).first()).toBeVisible()
  })

  await test.step('an event shows its deliveries and is sent again', async () => {
    await page.getByRole('link', { name: 'Events', exact: true }).click()
    await audit(page, 'dashboard-events')
    await page.getByRole('main').getByRole('link', { name: /^evt_/ }).first().click()
    const deliveries = page.getByTestId('delivery')
    await expect(deliveries).toHaveCount(1)
    await page.getByRole('button', { name: 'Send again to all' }).click()
    await expect(deliveries).toHaveCount(2)
    await audit(page, 'dashboard-event')
  })

  await test.step('a request shows what was sent and answered', async () => {
    await page.getByRole('link', { name: 'Requests', exact: true }).click()
    await audit(page, 'dashboard-requests')
    await page.getByRole('link', { name: 'POST /v1/subscriptions' }).first().click()
    await expect(page.getByRole('region', { name: 'Form' })).toContainText('customer')
    await expect(page.getByRole('region', { name: 'The answer as JSON' })).toContainText('latest_invoice')
    await audit(page, 'dashboard-request')
  })

  await test.step('webhook endpoints are listed', async () => {
    await page.getByRole('link', { name: 'Webhooks', exact: true }).click()
    await expect(page.getByText(`${new URL(circle.url).port}/webhooks`)).toBeVisible()
    await audit(page, 'dashboard-webhooks')
  })

  await test.step('faults are switched on and off', async () => {
    await page.getByRole('link', { name: 'Faults', exact: true }).click()
    await page.getByRole('button', { name: 'Off' }).first().click()
    await expect(page.getByTestId('rule')).toHaveCount(1)
    await expect(circle.stripe('GET', '/v1/customers')).rejects.toThrow('503')
    await page.getByLabel('What happens').selectOption({ label: 'It comes late' })
    await page.getByLabel('Event (webhooks)').fill('invoice.*')
    await page.getByLabel('Seconds').fill('2')
    await page.getByRole('button', { name: 'Add rule' }).click()
    await expect(page.getByTestId('rule')).toHaveCount(2)
    await audit(page, 'dashboard-faults')
    await page.getByRole('button', { name: 'Remove all' }).click()
    await expect(page.getByText('None: everything works.')).toBeVisible()
    await circle.stripe('GET', '/v1/customers')
  })
})

test('other sites can neither read the dashboard nor steer the sandbox', async ({ request, circle }) => {
  const { port } = new URL(circle.sandboxUrl)
  const rebound = await request.get(circle.sandboxUrl, { headers: { host: `rebound.example:${port}` } })
  expect(rebound.status()).toBe(403)
  for (const path of ['/dashboard/faults/clear', '/_sandbox/clock/advance']) {
    const foreign = await request.post(circle.sandboxUrl + path, {
      headers: { origin: 'http://elsewhere.example' },
      data: '{"seconds": 1}',
    })
    expect(foreign.status(), path).toBe(403)
  }
})
