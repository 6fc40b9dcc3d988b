// Lists with nothing in them, and a server that does not answer.

import { audit } from '../support/audit.ts'
import { linkIn } from '../support/circle.ts'
import { logIn, PASSWORD, register } from '../support/site.ts'
import { joinPro, signUp } from '../support/states.ts'
import { expect, test } from '../support/test.ts'

test('a search that finds nothing says so, and one that finds something shows it', async ({ page }) => {
  await page.goto('/episodes')
  const search = page.getByRole('searchbox', { name: 'Search episodes' })
  await search.fill('xylophone')
  await expect(page.getByText('No episode mentions “xylophone”.')).toBeVisible()
  await audit(page, 'episodes-nothing-found')
  await search.fill('database')
  await expect(page.getByRole('link', { name: 'The database that fits in a file' }).first()).toBeVisible()
})

test('the filter for unplayed episodes says when all were heard', async ({ page }) => {
  await page.goto('/episodes')
  await expect(page.getByRole('button', { name: /^Play / }).first()).toBeVisible()
  const ids = await page.locator('.ep:not(.locked) a.t').evaluateAll((links) => links.map((link) => link.getAttribute('href')?.split('/').pop()))
  await page.evaluate((heard) => heard.forEach((id) => localStorage.setItem(`heard:${id}`, '60/60')), ids)
  await page.getByRole('button', { name: 'Unplayed' }).click()
  await expect(page.getByText('You have heard everything that is open to you.')).toBeVisible()
  await audit(page, 'episodes-all-heard')
})

test('an account without invoices says that nothing was charged', async ({ page }) => {
  await signUp(page)
  await page.goto('/account')
  await expect(page.getByText('Nothing has been charged yet.')).toBeVisible()
})

test('one episode, open and locked', async ({ page, circle }) => {
  await joinPro(page, circle)
  await page.goto('/episodes')
  await page.locator('.ep:not(.locked) a.t').first().click()
  await expect(page.getByText('Listen to this episode')).toBeVisible()
  await audit(page, 'episode')
  await page.goBack()
  await page.locator('.ep.locked a.t').first().click()
  await expect(page.getByText('This episode opens with Enterprise.')).toBeVisible()
  await audit(page, 'episode-locked')
})

test('an episode that is not there is a page that is not there', async ({ page }) => {
  await page.goto('/episodes/nothing')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no page here.')
})

test('a change of address waits for its link, and can be mailed again', async ({ page, circle }) => {
  const { email } = await signUp(page)
  await page.goto('/account')
  await page.getByRole('button', { name: 'Change e-mail' }).click()
  const dialog = page.getByRole('dialog')
  const moved = `moved.${email}`
  await dialog.getByLabel('New e-mail').fill(moved)
  await dialog.getByLabel('Current password').fill(PASSWORD)
  await dialog.getByRole('button', { name: 'Change e-mail' }).click()
  await expect(page.getByText(`We mailed a link to ${moved}.`)).toBeVisible()
  await expect(page.getByText('The change waits until you open the link')).toBeVisible()
  await audit(page, 'account-address-waits')
  await page.goto(linkIn(await circle.mail(moved, /^Confirm your new e-mail address$/)))
  await page.getByRole('button', { name: 'Confirm my address' }).click()
  await page.getByRole('link', { name: 'Go to your account' }).click()
  await expect(page.getByText(moved).first()).toBeVisible()
  await expect(page.getByText('The change waits')).toHaveCount(0)
})

test('a wrong password and a taken address are said at the form', async ({ page }) => {
  const email = await register(page)
  await page.context().clearCookies()
  await page.evaluate(() => localStorage.clear())
  await page.goto('/login')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill('not the password')
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('alert').filter({ hasText: /password/i })).toBeVisible()
  await audit(page, 'login-refused')

  await page.goto('/register')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('main').getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByLabel('E-mail')).toBeFocused()
  await audit(page, 'register-taken')
  await logIn(page, email)
})

test('a server that does not answer is said where the answer would be, with a way to try again', async ({ page }) => {
  await page.route('**/api/episodes*', (route) => route.abort())
  await page.goto('/episodes')
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible()
  await audit(page, 'episodes-unavailable')
  await page.unroute('**/api/episodes*')
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('button', { name: /^Play / }).first()).toBeVisible()
})

test('the private feed is copied, and a new address ends the old one', async ({ page, context, circle, request }) => {
  await joinPro(page, circle)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto('/account')
  const field = page.getByRole('textbox', { name: 'Feed address' })
  await expect(field).toHaveValue(/\/feeds\//)
  const old = await field.inputValue()
  expect((await request.get(old)).status()).toBe(200)
  await expect(page.getByRole('img', { name: 'QR code of the feed address' })).toBeVisible()
  for (const app of ['Apple Podcasts', 'Overcast', 'Pocket Casts']) {
    await expect(page.getByRole('link', { name: app })).toHaveAttribute('href', new RegExp(encodeURIComponent(new URL(old).host).replace('%3A', '(%3A|:)')))
  }
  await page.getByRole('button', { name: 'Copy' }).click()
  await expect(page.getByText('Copied.')).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(old)
  await page.getByRole('button', { name: 'New address' }).click()
  await expect(page.getByText('This is the new address.')).toBeVisible()
  await expect(field).not.toHaveValue(old)
  await audit(page, 'account-new-feed')
  expect((await request.get(old)).status()).toBe(410)
  expect((await request.get(await field.inputValue())).status()).toBe(200)
})
