// Mailed links that do not work any more: each says what happened, and leads to a new one.

import { type Page } from '@playwright/test'
import { audit } from '../support/audit.ts'
import { linkIn } from '../support/circle.ts'
import { PASSWORD } from '../support/site.ts'
import { signUp } from '../support/states.ts'
import { expect, test } from '../support/test.ts'

const NEW_PASSWORD = 'another horse battery'

// Links are made old for everybody on a server at once.
test.describe.configure({ mode: 'default' })

async function expectDead(page: Page, heading: string): Promise<void> {
  await expect(page.getByRole('status').filter({ has: page.getByRole('heading', { level: 1, name: heading }) })).toBeVisible()
  await expect(page.getByRole('main').getByRole('textbox')).toHaveCount(0)
}

test('a link to a new password that was used says so at once, and leads to another one', async ({ page, circle, request }) => {
  const { email } = await signUp(page)
  await request.post('/api/auth/forgot-password', { data: { email } })
  const first = linkIn(await circle.mail(email, /^Set a new password/))
  const token = new URL(first).searchParams.get('token')
  const used = await request.post('/api/auth/reset-password', { data: { token, password: NEW_PASSWORD } })
  expect(used.status()).toBe(204)

  await page.goto(first)
  await expectDead(page, 'This link does not work any more.')
  await expect(page.getByText('works once, for 30 minutes')).toBeVisible()
  await audit(page, 'reset-password-used')
  await page.getByRole('link', { name: 'Ask for a new link' }).click()
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('button', { name: 'Send the link' }).click()
  await expect(page.getByRole('status').getByText(email)).toBeVisible()
  await expect.poll(async () => linkIn(await circle.mail(email, /^Set a new password/))).not.toBe(first)
  await page.goto(linkIn(await circle.mail(email, /^Set a new password/)))
  await page.getByLabel('New password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Save the password' }).click()
  await expect(page.getByText('Your password is new.')).toBeVisible()
})

test('a link that ends while its page is open says so when the password is sent', async ({ page, circle, request }) => {
  const { email } = await signUp(page)
  await request.post('/api/auth/forgot-password', { data: { email } })
  await page.goto(linkIn(await circle.mail(email, /^Set a new password/)))
  await page.getByLabel('New password').fill(NEW_PASSWORD)
  await circle.expireLinks()
  await page.getByRole('button', { name: 'Save the password' }).click()
  await expectDead(page, 'This link does not work any more.')
  await expect(page.getByRole('link', { name: 'Ask for a new link' })).toBeVisible()
  await audit(page, 'reset-password-expired')
})

test('a link that was to confirm an address has expired: another one is mailed at a press', async ({ page, circle }) => {
  const { email } = await signUp(page)
  const old = linkIn(await circle.mail(email, /^Confirm your e-mail address$/))
  await circle.expireLinks()
  await page.goto(old)
  await expectDead(page, 'This link does not work any more.')
  await expect(page.getByText('works for a day')).toBeVisible()
  await audit(page, 'verify-email-expired')
  await page.getByRole('button', { name: 'Mail me a new link' }).click()
  await expect(page.getByRole('status').getByText(`A new link is on its way to ${email}.`)).toBeVisible()
  await audit(page, 'verify-email-sent-again')
  await expect.poll(async () => linkIn(await circle.mail(email, /^Confirm your e-mail address$/))).not.toBe(old)
  await page.goto(linkIn(await circle.mail(email, /^Confirm your e-mail address$/)))
  await page.getByRole('button', { name: 'Confirm my address' }).click()
  await expect(page.getByText('Your address is confirmed.')).toBeVisible()
  await audit(page, 'verify-email-done')

  await page.goto(old)
  await expect(page.getByText(`${email} is confirmed already`)).toBeVisible()
})

test('who is not logged in comes back from the log-in to have the link mailed', async ({ page, context, circle }) => {
  const { email } = await signUp(page)
  const old = linkIn(await circle.mail(email, /^Confirm your e-mail address$/))
  await circle.expireLinks()
  await context.clearCookies()
  await page.goto(old)
  await expectDead(page, 'This link does not work any more.')
  await audit(page, 'verify-email-expired-visitor')
  await page.getByRole('main').getByRole('link', { name: 'Log in' }).click()
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('button', { name: 'Mail me a new link' }).click()
  await expect(page.getByText(`A new link is on its way to ${email}.`)).toBeVisible()
})

test('a link that was cut off says that it is not complete', async ({ page }) => {
  await page.goto('/reset-password')
  await expectDead(page, 'This link is not complete.')
  await audit(page, 'reset-password-incomplete')
  await page.getByRole('link', { name: 'Ask for a new link' }).click()
  await expect(page).toHaveURL(/\/forgot-password/)

  const { email } = await signUp(page)
  await page.goto('/verify-email')
  await expectDead(page, 'This link is not complete.')
  await audit(page, 'verify-email-incomplete')
  await page.getByRole('button', { name: 'Mail me a new link' }).click()
  await expect(page.getByText(`A new link is on its way to ${email}.`)).toBeVisible()
})
