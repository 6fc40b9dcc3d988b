// Every page that the other tests do not pass, and the answers that are no page.

import { audit } from '../support/audit.ts'
import { Portal } from '../support/hosted.ts'
import { Account, subscribe } from '../support/site.ts'
import { expect, test } from '../support/test.ts'

for (const [path, heading] of [
  ['/terms', 'Terms'],
  ['/privacy', 'Privacy'],
  ['/login', 'Log in'],
] as const) {
  test(`${path} stands alone`, async ({ page }) => {
    const response = await page.goto(path)
    expect(response?.status()).toBe(200)
    await expect(page.getByRole('heading', { level: 1 })).toContainText(heading)
    await audit(page, path.slice(1))
  })
}

test('an address that names nothing says so, with status 404', async ({ page, request }) => {
  const response = await page.goto('/nothing/here')
  expect(response?.status()).toBe(404)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await audit(page, 'not-found')
  expect((await request.get('/missing.js')).status()).toBe(404)
})

test('the form says what is wrong with what was typed, at its field', async ({ page }) => {
  await page.goto('/register')
  await page.getByLabel('E-mail').fill('not an address')
  await page.getByLabel('Password', { exact: true }).fill('elevenchars')
  await page.getByRole('main').getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('main')).toContainText('e-mail', { ignoreCase: true })
  await expect(page).toHaveURL(/\/register/)
  await audit(page, 'register-refused')
})

test('the other pages of the portal', async ({ page }) => {
  await subscribe(page, 'Pro')
  await page.goto('/account')
  await new Account(page).manageBilling()
  await expect(new Portal(page).subscription).toBeVisible()
  const home = page.url()

  await page.getByRole('link', { name: 'Update information' }).click()
  await audit(page, 'sandbox-portal-information')
  await page.goto(home)
  await page.getByRole('link', { name: 'Update plan' }).click()
  await audit(page, 'sandbox-portal-plans')
  await page.goto(home)
  await new Portal(page).invoices.getByRole('link').click()
  await audit(page, 'sandbox-invoice')
})

test('a hosted address that names nothing says so', async ({ page, circle }) => {
  const response = await page.goto(`${circle.sandboxUrl}/pay/nothing`)
  expect(response?.status()).toBe(404)
  await audit(page, 'sandbox-not-found')
})
