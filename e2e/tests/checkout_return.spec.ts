// The page that Checkout sends people back to: paid, waiting, still processing, failed; each says what happens next.

import { audit } from '../support/audit.ts'
import { type Circle } from '../support/circle.ts'
import { CARD, submitCard } from '../support/hosted.ts'
import { bearer, register, registerFor, subscribe } from '../support/site.ts'
import { expect, test } from '../support/test.ts'

/** The id of the Checkout session that was made last. */
async function newestSession(circle: Circle): Promise<string> {
  const { data } = await circle.stripe<{ data: { id: string }[] }>('GET', '/v1/checkout/sessions?limit=1')
  expect(data.length).toBe(1)
  return data[0]?.id ?? ''
}

const RESULT = '**/api/billing/checkout-session/cs_*'

test('a payment is awaited, called slow after a while, and opens the plan whenever it comes', async ({ page, circle }) => {
  await registerFor(page, 'Pro')
  // Neither the webhooks nor the page's own question arrive yet.
  await circle.faults({ on: 'webhook', kind: 'late', seconds: 20 })
  let ask: () => void = () => {}
  const asked = new Promise<void>((resolve) => (ask = resolve))
  await page.route(RESULT, async (route) => {
    await asked
    await route.continue()
  })
  await page.clock.install()
  await submitCard(page, CARD.pays)
  const state = page.getByRole('status').filter({ has: page.getByRole('heading') })
  await expect(state).toContainText('Confirming your payment')
  await expect(state).toHaveAttribute('aria-busy', 'true')
  await audit(page, 'checkout-return-waiting')
  await page.clock.fastForward(21_000)
  await expect(state).toContainText('Your bank is still working on it.')
  await expect(state.getByRole('link', { name: 'Go to your account' })).toBeVisible()
  await audit(page, 'checkout-return-processing')
  await circle.faults()
  ask()
  await expect(page.getByText('Pro is active')).toBeVisible()
})

test('a page of Checkout that was left says that nothing was charged', async ({ page, circle }) => {
  await registerFor(page, 'Pro')
  await page.goto(`/checkout/return?session_id=${await newestSession(circle)}`)
  await expect(page.getByRole('heading', { name: 'You have not paid yet.' })).toBeVisible()
  await audit(page, 'checkout-return-not-paid')
  await page.getByRole('main').getByRole('link', { name: 'See the plans' }).click()
  await expect(page).toHaveURL(/\/pricing/)
})

test('a page of Checkout that expired leads back to the plans', async ({ page, circle }) => {
  await registerFor(page, 'Pro')
  const session = await newestSession(circle)
  await circle.stripe('POST', `/v1/checkout/sessions/${session}/expire`)
  await page.goto(`/checkout/return?session_id=${session}`)
  await expect(page.getByRole('heading', { name: 'This payment page has expired.' })).toBeVisible()
  await audit(page, 'checkout-return-expired')
})

test("somebody else's payment, or none, is not known", async ({ page, browser, circle }) => {
  const context = await browser.newContext({ baseURL: circle.url })
  const other = await context.newPage()
  await registerFor(other, 'Starter')
  const theirs = await newestSession(circle)
  await register(page)
  for (const query of [`?session_id=${theirs}`, '']) {
    await page.goto(`/checkout/return${query}`)
    await expect(page.getByRole('heading', { name: 'We do not know this payment.' })).toBeVisible()
  }
  await audit(page, 'checkout-return-unknown')
  await context.close()
})

test('while Stripe is down the page says that nothing is lost, and tries again when asked', async ({ page, circle }) => {
  await registerFor(page, 'Pro')
  const session = await newestSession(circle)
  await circle.faults(
    { on: 'api', kind: 'error', status: 503, method: 'GET', path: '/v1/checkout/sessions/*' },
    { on: 'webhook', kind: 'late', seconds: 600 },
  )
  await submitCard(page, CARD.pays)
  await expect(page.getByRole('heading', { name: 'We cannot check your payment right now.' })).toBeVisible()
  expect(page.url()).toContain(session)
  await audit(page, 'checkout-return-unreachable')
  await circle.faults()
  // Stripe is asked again once it has had a moment to recover.
  await expect(async () => {
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect(page.getByText('Pro is active')).toBeVisible({ timeout: 3_000 })
  }).toPass()
})

test('while Stripe is down, plans cannot be bought, and the button says so', async ({ page, circle, request }) => {
  const email = await register(page)
  await circle.faults({ on: 'api', kind: 'error', status: 503 })
  await page.goto('/pricing')
  await page.getByRole('button', { name: 'Choose Pro' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'again' })).toBeVisible()
  await audit(page, 'pricing-stripe-down')
  await circle.faults()
  const headers = await bearer(request, email)
  await expect
    .poll(async () => (await request.post('/api/billing/checkout-session', { headers, data: { plan: 'pro' } })).status())
    .toBe(200)
})

test('who has a plan is told so on Checkout of an older tab', async ({ page }) => {
  await subscribe(page, 'Pro')
  await page.goto('/checkout/return')
  await expect(page.getByRole('heading', { name: 'You are in.' })).toBeVisible()
})
