// The account itself: passwords, addresses, sessions, leaving.

import { audit } from '../support/audit.ts'
import { linkIn } from '../support/circle.ts'
import { signUp } from '../support/states.ts'
import { PASSWORD } from '../support/site.ts'
import { expect, test } from '../support/test.ts'

test('a forgotten password is replaced by the mailed link, which works once', async ({ page, circle }) => {
  const { email } = await signUp(page)
  await page.context().clearCookies()
  await page.goto('/login')
  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  await expect(page).toHaveURL(/\/forgot-password/)
  await page.getByLabel('E-mail').fill(email)
  await audit(page, 'forgot-password')
  await page.getByRole('button', { name: 'Send the link' }).click()
  await expect(page.getByRole('status').getByText(email)).toBeVisible()
  await audit(page, 'forgot-password-sent')

  const link = linkIn(await circle.mail(email, /^Set a new password/))
  await page.goto(link)
  await page.getByLabel('New password').fill('too short')
  await page.getByRole('button', { name: 'Save the password' }).click()
  await expect(page.getByLabel('New password')).toBeFocused()
  await audit(page, 'reset-password')
  await page.getByLabel('New password').fill('another horse battery')
  await page.getByRole('button', { name: 'Save the password' }).click()
  await expect(page.getByText('Your password is new.')).toBeVisible()
  await audit(page, 'reset-password-done')
})

test('an address is confirmed by the mailed link, and the account page knows', async ({ page, circle }) => {
  const { email } = await signUp(page)
  await page.goto('/account')
  await expect(page.getByText('Not yet')).toBeVisible()
  await page.goto(linkIn(await circle.mail(email, /^Confirm your e-mail/)))
  await audit(page, 'verify-email')
  await page.getByRole('button', { name: 'Confirm my address' }).click()
  await expect(page.getByText('Your address is confirmed.')).toBeVisible()
  await page.getByRole('link', { name: 'Go to your account' }).click()
  await expect(page.getByText('Not yet')).toHaveCount(0)
})

test('sessions are listed and ended, and the password changed', async ({ page, request }) => {
  const { email } = await signUp(page)
  const other = await request.post('/api/auth/login', { data: { email, password: PASSWORD } })
  const { token } = (await other.json()) as { token: string }
  await page.goto('/account')
  await expect(page.getByText('This browser')).toBeVisible()
  await audit(page, 'account-no-plan')
  await page.getByRole('button', { name: /^End the session/ }).click()
  await expect(page.getByRole('button', { name: /^End the session/ })).toHaveCount(0)
  const ended = await request.get('/api/me', { headers: { authorization: `Bearer ${token}` } })
  expect(ended.status()).toBe(401)

  await page.getByRole('button', { name: 'Change password' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Current password').fill('not my password')
  await dialog.getByLabel('New password').fill('another horse battery')
  await dialog.getByRole('button', { name: 'Change password' }).click()
  await expect(dialog.getByLabel('Current password')).toBeFocused()
  await audit(page, 'account-wrong-password')
  await dialog.getByLabel('Current password').fill(PASSWORD)
  await dialog.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByText('Your password is changed.')).toBeVisible()
})

test('log out in one tab logs out all, and one stream serves them', async ({ page, context, circle }) => {
  await signUp(page)
  let streams = 0
  context.on('request', (sent) => {
    if (new URL(sent.url()).pathname === '/api/events') streams += 1
  })
  await page.goto('/account')
  await expect(page.getByText('This browser')).toBeVisible()
  const second = await context.newPage()
  await second.goto(`${circle.url}/account`)
  await expect(second.getByText('This browser')).toBeVisible()
  expect(streams).toBe(1)
  await second.getByRole('button', { name: 'Log out' }).click()
  await expect(second).toHaveURL(/\/login/)
  await expect(page).toHaveURL(/\/login/)
})

test('an account is deleted with the password as proof', async ({ page }) => {
  await signUp(page)
  await page.goto('/account')
  await page.getByRole('button', { name: 'Delete account' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('cannot be undone')
  await audit(page, 'account-delete')
  await dialog.getByLabel('Current password').fill(PASSWORD)
  await dialog.getByRole('button', { name: 'Delete my account' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(page.getByText('Your account is being deleted.').or(page.getByRole('heading', { name: 'Log in' }))).toBeVisible()
})

test('offline says so, and is over when the connection is back', async ({ page, context }) => {
  await signUp(page)
  await page.goto('/episodes')
  await context.setOffline(true)
  await expect(page.getByText('You are offline.')).toBeVisible()
  await audit(page, 'offline')
  await context.setOffline(false)
  await expect(page.getByText('You are offline.')).toHaveCount(0)
})

test('what was typed as the address stays when the form changes', async ({ page }) => {
  await page.goto('/register')
  await page.getByLabel('E-mail').fill('ada@example.org')
  await page.getByRole('link', { name: 'Log in instead' }).click()
  await expect(page.getByLabel('E-mail')).toHaveValue('ada@example.org')
})
