// Every mail that a life with us brings: its HTML as a reader shows it, and its text beside it.

import { type Page } from '@playwright/test'
import { audit, RULES_OF_PAGES } from '../support/audit.ts'
import { linkIn, type Mail } from '../support/circle.ts'
import { newEmail, PASSWORD } from '../support/site.ts'
import { failRenewal, joinPro, signUp, subscribeBehind } from '../support/states.ts'
import { expect, test } from '../support/test.ts'

/** Addresses stand on lines of their own, however long they are. */
const COLUMNS = 78

/** Looks at both parts: the HTML in all its sizes, and whether the text says everything that it says. */
async function look(page: Page, name: string, mail: Mail): Promise<void> {
  await page.setContent(mail.html)
  const shown = await page.locator('body').innerText()
  const text = mail.text.replace(/\s+/g, ' ')
  // In the text the address stands by itself anyway.
  const lines = shown.split(/\s*[\n\t]\s*/).filter((line) => line.trim() && !line.startsWith('Or copy this address: '))
  for (const line of lines) {
    expect(text, `the text part of ${mail.subject}`).toContain(line.replace(/\s+/g, ' ').trim())
  }
  for (const line of mail.text.split('\n').filter((line) => !line.startsWith('http'))) {
    expect(line.length, line).toBeLessThanOrEqual(COLUMNS)
  }
  const address = page.getByRole('link').first()
  expect(mail.text).toContain((await address.getAttribute('href')) ?? '')
  await audit(page, `mail-${name}`, RULES_OF_PAGES)
}

const NEW_PASSWORD = 'another horse battery'

test('mails about the account', async ({ page, circle, request }) => {
  const { email, token } = await signUp(page)
  const headers = { authorization: `Bearer ${token}` }
  await look(page, 'verify-email', await circle.mail(email, /^Confirm your e-mail address$/))

  const moved = `moved.${email}`
  const change = { email: moved, current_password: PASSWORD }
  expect((await request.patch('/api/me', { headers, data: change })).status()).toBe(200)
  await look(page, 'address-change-requested', await circle.mail(email, /is about to change$/))
  const confirm = await circle.mail(moved, /^Confirm your new e-mail address$/)
  await look(page, 'confirm-new-address', confirm)
  const key = new URL(linkIn(confirm)).searchParams.get('token')
  expect((await request.post('/api/auth/verify-email', { data: { token: key } })).status()).toBe(204)
  await look(page, 'address-changed', await circle.mail(email, /was changed$/))

  await request.post('/api/auth/forgot-password', { data: { email: moved } })
  const reset = await circle.mail(moved, /^Set a new password$/)
  await look(page, 'reset-password', reset)
  const data = { token: new URL(linkIn(reset)).searchParams.get('token'), password: NEW_PASSWORD }
  expect((await request.post('/api/auth/reset-password', { data })).status()).toBe(204)
  await look(page, 'password-changed', await circle.mail(moved, /^Your password was changed$/))

  const session = await request.post('/api/auth/login', { data: { email: moved, password: NEW_PASSWORD } })
  const fresh = { authorization: `Bearer ${((await session.json()) as { token: string }).token}` }
  await request.delete('/api/me', { headers: fresh, data: { current_password: NEW_PASSWORD } })
  await look(page, 'account-deleted', await circle.mail(moved, /^Your account is deleted$/))
})

test('mails about money', async ({ page, circle }) => {
  const trial = await signUp(page)
  const end = (await circle.now()) + 5 * 86_400
  await subscribeBehind(circle, trial.customer, { trial_end: String(end) })
  await circle.advance('3days')
  await look(page, 'trial-ending', await circle.mail(trial.email, /^Your trial ends on /))

  const { email, customer, subscription } = await joinPro(page, circle)
  await look(page, 'joined', await circle.mail(email, /^Welcome to Pro$/))
  await circle.stripe('POST', `/v1/subscriptions/${subscription}`, { cancel_at_period_end: 'true' })
  await look(page, 'ending', await circle.mail(email, /^Pro ends on /))
  await circle.stripe('POST', `/v1/subscriptions/${subscription}`, { cancel_at_period_end: 'false' })
  await failRenewal(circle, customer, subscription, 'pm_card_chargeCustomerFail')
  await look(page, 'payment-failed', await circle.mail(email, /^Your payment did not go through: please act by \d+ \w+ \d{4}$/))
  await circle.stripe('DELETE', `/v1/subscriptions/${subscription}`)
  await look(page, 'ended', await circle.mail(email, /^Pro has ended$/))
})

test('the mailbox of the sandbox lists what was mailed, and shows it', async ({ page, circle }) => {
  const email = newEmail()
  await page.request.post('/api/auth/register', { data: { email, password: PASSWORD } })
  const { subject } = await circle.mail(email, /^Confirm your e-mail address$/)
  await page.goto(`${circle.sandboxUrl}/_sandbox/mailbox?to=${encodeURIComponent(email)}`)
  await expect(page.getByTestId('mail')).toHaveCount(1)
  await audit(page, 'sandbox-mailbox')
  // The other view is a frame in which no script runs, which Chromium says of each that a test brings along.
  const mail = await page.getByRole('link', { name: subject }).getAttribute('href')
  await page.goto(`${circle.sandboxUrl}${mail}?view=text`)
  await expect(page.getByRole('main')).toContainText('Confirm that this is your address')
  await audit(page, 'sandbox-mail')
})
