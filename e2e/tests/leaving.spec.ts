// Leaving for good, also while Stripe cannot confirm that nothing more is charged.

import { audit } from '../support/audit.ts'
import { PASSWORD } from '../support/site.ts'
import { joinPro } from '../support/states.ts'
import { expect, test } from '../support/test.ts'

test('who leaves while Stripe is down waits visibly, and is gone once Stripe confirms', async ({ page, circle, request }) => {
  const { email, subscription } = await joinPro(page, circle)
  await page.goto('/account')
  await page.getByRole('button', { name: 'Delete account' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('Your plan is cancelled at once')
  await audit(page, 'account-delete-subscriber')
  await circle.faults({ on: 'api', kind: 'error', status: 500, method: 'DELETE', path: '/v1/subscriptions/*' })
  await dialog.getByLabel('Current password').fill(PASSWORD)
  await dialog.getByRole('button', { name: 'Delete my account' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(page.getByText('Your account is being deleted.')).toBeVisible()
  await expect(page.getByTestId('plan')).toHaveCount(0)
  await audit(page, 'account-being-deleted')
  const status = async () =>
    (await circle.stripe<{ status: string }>('GET', `/v1/subscriptions/${subscription}`)).status
  expect(await status()).toBe('active')
  await page.goto('/episodes')
  await expect(page.getByText('Your account is being deleted.')).toBeVisible()

  await circle.faults()
  await expect.poll(status, { timeout: 60_000 }).toBe('canceled')
  const logIn = async () => (await request.post('/api/auth/login', { data: { email, password: PASSWORD } })).status()
  await expect.poll(logIn).toBe(401)
  await page.goto('/account')
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible()
})
