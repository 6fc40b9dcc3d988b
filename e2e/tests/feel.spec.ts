// How the site feels under the hand: something to see at once, nothing that jumps, nothing that happens twice, and Back.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Page, type Route } from '@playwright/test'
import { audit } from '../support/audit.ts'
import { onCheckout, Portal } from '../support/hosted.ts'
import { writeTone } from '../support/player.ts'
import { Account, newEmail, PASSWORD } from '../support/site.ts'
import { joinPro, signUp } from '../support/states.ts'
import { expect, test } from '../support/test.ts'

/** Holds requests to these addresses back until it is told to let them go; `asked` counts them. */
async function hold(page: Page, pattern: string | RegExp, method = 'GET'): Promise<{ asked: () => number; release: () => void }> {
  let [count, release] = [0, () => {}]
  const released = new Promise<void>((resolve) => (release = resolve))
  await page.route(pattern, async (route: Route) => {
    if (route.request().method() !== method) return route.fallback()
    count += 1
    await released
    await route.continue()
  })
  return { asked: () => count, release }
}

test.describe('at once', () => {
  // A service worker's requests pass no test's hands.
  test.use({ serviceWorkers: 'block' })

  test('a page shows its frame, and pricing its plans, while WebAssembly is on its way', async ({ page }) => {
    const wasm = await hold(page, '**/*.wasm')
    await page.goto('/pricing', { waitUntil: 'commit' })
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('One circle, three ways in')
    await expect(page.locator('.plans')).toContainText('$10 a month')
    await page.goto('/episodes', { waitUntil: 'commit' })
    await expect(page.getByRole('banner').getByRole('link', { name: 'Pricing' })).toBeVisible()
    await expect(page.locator('.skeleton').first()).toBeVisible()
    expect(wasm.asked()).toBeGreaterThan(0)
    wasm.release()
    await expect(page.getByRole('button', { name: /^Play / }).first()).toBeVisible()
  })

  test('a list that is on its way has an outline of its own', async ({ page }) => {
    const episodes = await hold(page, '**/api/episodes*')
    await page.goto('/episodes')
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Episodes')
    await expect(page.locator('main .skeleton')).toBeVisible()
    await audit(page, 'episodes-loading')
    episodes.release()
    await expect(page.getByRole('button', { name: /^Play / }).first()).toBeVisible()
    await expect(page.locator('main .skeleton')).toHaveCount(0)
  })
})

/** Adds up how far things moved that nobody touched: Chromium's layout shift scores. */
async function watchShifts(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    const shifts = { sum: 0 }
    Object.assign(window, { shifts })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
        if (!entry.hadRecentInput) shifts.sum += entry.value
      }
    }).observe({ type: 'layout-shift', buffered: true })
  })
  return () => page.evaluate(() => (window as unknown as { shifts: { sum: number } }).shifts.sum)
}

/** Google calls 0.1 good. */
const MOST_SHIFT = 0.05

/** Pages, and a button or link of each that is there once all of it is. */
const PAGES = {
  'a visitor': [
    ['/', 'Choose Pro'],
    ['/pricing', 'Monthly'],
    ['/episodes', 'Unplayed'],
    ['/login', 'Log in'],
    ['/register?plan=pro&interval=month', 'Continue to payment'],
  ],
  'a listener': [
    ['/', 'Change to Starter'],
    ['/pricing', 'Change to Starter'],
    ['/episodes', 'Unplayed'],
    ['/account', 'Overcast'],
  ],
} as const

for (const [who, pages] of Object.entries(PAGES)) {
  test(`nothing jumps while the pages of ${who} come`, async ({ page, circle }) => {
    const shifted = await watchShifts(page)
    if (who === 'a listener') await joinPro(page, circle)
    for (const size of [{ width: 390, height: 844 }, { width: 1440, height: 900 }]) {
      await page.setViewportSize(size)
      for (const [path, last] of pages) {
        await page.goto(path)
        const main = page.getByRole('main')
        await expect(main.getByRole('button', { name: last }).or(main.getByRole('link', { name: last })).first()).toBeVisible()
        await expect(page.locator('main .skeleton')).toHaveCount(0)
        expect.soft(await shifted(), `${path} at ${size.width} px`).toBeLessThan(MOST_SHIFT)
      }
    }
  })
}

test('a button that works says so, and a second press starts nothing', async ({ page }) => {
  await signUp(page)
  await page.goto('/pricing')
  const checkout = await hold(page, '**/api/billing/checkout-session', 'POST')
  const choose = page.getByRole('button', { name: 'Choose Pro' })
  await choose.dblclick()
  await expect(choose).toHaveAttribute('aria-busy', 'true')
  await expect(choose).toHaveAttribute('aria-disabled', 'true')
  await expect(choose).toBeFocused()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Space')
  await audit(page, 'pricing-busy')
  expect(checkout.asked()).toBe(1)
  checkout.release()
  await onCheckout(page, 'Pro')
  expect(checkout.asked()).toBe(1)
})

test('a form is sent once, however often its button is pressed', async ({ page }) => {
  await page.goto('/register')
  const register = await hold(page, '**/api/auth/register', 'POST')
  await page.getByLabel('E-mail').fill(newEmail())
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  const create = page.getByRole('main').getByRole('button', { name: 'Create account' })
  await create.dblclick()
  await expect(create).toHaveAttribute('aria-busy', 'true')
  await page.getByLabel('E-mail').press('Enter')
  expect(register.asked()).toBe(1)
  register.release()
  await expect(page).toHaveURL(/\/episodes/)
  expect(register.asked()).toBe(1)
})

test('what is wrong stands beside its field, which has the focus and says it', async ({ page }) => {
  await page.goto('/register')
  const email = page.getByLabel('E-mail')
  const password = page.getByLabel('Password', { exact: true })
  const send = () => page.getByRole('main').getByRole('button', { name: 'Create account' }).click()
  await email.fill('not an address')
  await password.fill('elevenchars')
  await send()
  await expect(email).toBeFocused()
  await expect(email).toHaveAttribute('aria-invalid', 'true')
  await expect(email).toHaveAccessibleDescription('Enter an address like name@example.com.')
  await expect(password).toHaveAccessibleDescription('Use at least 12 characters.')
  await email.fill(newEmail())
  await expect(email).not.toHaveAttribute('aria-invalid')
  await send()
  await expect(password).toBeFocused()
  await password.fill(PASSWORD)
  await send()
  await expect(page).toHaveURL(/\/episodes/)
})

test('an address that was typed is still there after a reload, and a password never is', async ({ page }) => {
  await page.goto('/register')
  await page.getByLabel('E-mail').fill('ada@example.org')
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.reload()
  await expect(page.getByLabel('E-mail')).toHaveValue('ada@example.org')
  await expect(page.getByLabel('Password', { exact: true })).toHaveValue('')
  await page.getByRole('link', { name: 'Log in instead' }).click()
  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  await expect(page.getByLabel('E-mail')).toHaveValue('ada@example.org')
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))
  expect(kept).not.toContain(PASSWORD)
})

test('Back and Forward go through the pages, each with its title and where it was scrolled to', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 700 })
  const heading = page.getByRole('heading', { level: 1 })
  await page.goto('/')
  await expect(heading).toHaveText('Stay in the circle.')
  await page.getByRole('banner').getByRole('link', { name: 'Pricing' }).click()
  await expect(heading).toHaveText('One circle, three ways in')
  await page.getByRole('link', { name: 'Choose Enterprise' }).click()
  await expect(heading).toHaveText('Create your account')
  await page.getByRole('link', { name: 'Log in instead' }).click()
  await expect(heading).toHaveText('Log in')
  for (const [text, title] of [
    ['Create your account', /^Create your account/],
    ['One circle, three ways in', /^Pricing/],
    ['Stay in the circle.', /^.*Inner Circle/],
  ] as const) {
    await page.goBack()
    await expect(heading).toHaveText(text)
    await expect(page).toHaveTitle(title)
  }
  await page.goForward()
  await expect(heading).toHaveText('One circle, three ways in')

  await page.goto('/episodes')
  const last = page.locator('.ep a.t').last()
  await last.scrollIntoViewIfNeeded()
  const scrolled = await page.evaluate(() => window.scrollY)
  expect(scrolled).toBeGreaterThan(100)
  await last.click()
  await expect(page.getByRole('link', { name: 'All episodes' })).toBeVisible()
  expect(await page.evaluate(() => window.scrollY), 'a new page begins at its top').toBe(0)
  await page.goBack()
  await expect(heading).toHaveText('Episodes')
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBeGreaterThan(scrolled - 60)
})

test('Back from Checkout and from the portal finds the page as it was, with buttons that work', async ({ page, circle }) => {
  await signUp(page)
  await page.goto('/pricing')
  const choose = page.getByRole('button', { name: 'Choose Starter' })
  await choose.click()
  await onCheckout(page, 'Starter')
  await page.goBack()
  await expect(choose).not.toHaveAttribute('aria-busy')
  await choose.click()
  await onCheckout(page, 'Starter')

  await joinPro(page, circle)
  await page.goto('/account')
  const account = new Account(page)
  await account.manageBilling()
  await new Portal(page).opened()
  await page.goBack()
  await expect(account.plan('Pro', 'Active')).toBeVisible()
  await account.manageBilling()
  await new Portal(page).opened()
})

test('each page is announced, named in the tab, and begins at its content', async ({ page, circle }) => {
  await joinPro(page, circle)
  await page.goto('/')
  await expect(page.getByRole('banner').getByRole('link', { name: 'Account' })).toBeVisible()
  for (const [link, title] of [
    ['Episodes', 'Episodes'],
    ['Pricing', 'Pricing'],
    ['Account', 'Your membership'],
  ] as const) {
    await page.getByRole('banner').getByRole('link', { name: link }).click()
    await expect(page.getByRole('status').filter({ hasText: title }).first()).toBeAttached()
    await expect(page).toHaveTitle(`${title} · Inner Circle`)
    await expect(page.getByRole('main')).toBeFocused()
  }
})

test('a change of the plan is said aloud', async ({ page, circle }) => {
  const { subscription } = await joinPro(page, circle)
  await page.goto('/account')
  await expect(page.getByTestId('status')).toHaveText('Active')
  await circle.stripe('POST', `/v1/subscriptions/${subscription}`, { cancel_at_period_end: 'true' })
  await expect(page.getByRole('status').filter({ hasText: /Your plan ends on/ })).toBeVisible()
})

test('who wants less motion gets none', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await signUp(page)
  const moving = () =>
    page.evaluate(() => document.getAnimations().filter((animation) => animation.playState === 'running').length)
  const episodes = await hold(page, '**/api/episodes*')
  await page.goto('/episodes')
  await expect(page.locator('main .skeleton')).toBeVisible()
  expect(await moving(), 'the outline of a list').toBe(0)
  episodes.release()
  await page.goto('/pricing')
  const checkout = await hold(page, '**/api/billing/checkout-session', 'POST')
  await page.getByRole('button', { name: 'Choose Pro' }).click()
  await expect(page.getByRole('button', { name: 'Choose Pro' })).toHaveAttribute('aria-busy', 'true')
  expect(await moving(), 'a button that works').toBe(0)
  checkout.release()
})

test('money and dates are written as the browser writes them', async ({ browser, circle }) => {
  const context = await browser.newContext({ baseURL: circle.url, locale: 'de-DE' })
  const page = await context.newPage()
  await page.goto('/pricing')
  await expect(page.getByRole('button', { name: 'Monthly' })).toBeVisible()
  await expect(page.locator('.plans')).toContainText(/10\s\$/)
  await joinPro(page, circle)
  await page.goto('/account')
  const account = new Account(page)
  await expect(account.nextCharge).toBeVisible()
  await expect(page.getByRole('definition').filter({ hasText: /^\d+\. \p{L}+ \d{4}, 10,00\s\$$/u })).toBeVisible()
  await context.close()
})

test('the home page says what this is, what is new and what it costs', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Stay in the circle.')
  const latest = page.locator('.ep')
  await expect(latest).toHaveCount(4)
  await expect(latest.filter({ hasText: 'For members' }).first()).toBeVisible()
  await expect(page.getByRole('article')).toHaveCount(3)
  await expect(page.getByRole('button', { name: /^Yearly, 2 months free/ })).toBeVisible()
  await latest.first().getByRole('link').click()
  await expect(page).toHaveURL(/\/episodes\//)
})

test('the account page names plan, price, next charge, card and invoices, each where it leads', async ({ page, circle }) => {
  await joinPro(page, circle)
  await page.goto('/account')
  const main = page.getByRole('main')
  await expect(main).toContainText('$10.00 a month')
  await expect(main).toContainText(/Next charge\w+ \d+, \d{4}, \$10\.00/)
  await expect(main).toContainText('Visa •••• 4242')
  await expect(main).toContainText('This browser')
  const invoice = main.getByRole('link', { name: /^\$10\.00, invoice / })
  await expect(invoice).toBeVisible()
  await invoice.click()
  await expect(page.getByRole('heading', { name: 'Receipt' })).toBeVisible()
})

test('the longest words fit on the narrowest phone', async ({ page, circle }) => {
  const email = `${'someone.with.a.long.name.'.repeat(2)}${newEmail()}`
  const registered = await page.request.post('/api/auth/register', { data: { email, password: PASSWORD } })
  expect(registered.status()).toBe(201)
  await page.addInitScript(() => localStorage.setItem('signed-in', 'yes'))
  await page.goto('/account')
  await expect(page.getByText(email).first()).toBeVisible()
  await audit(page, 'account-long-address')

  const title = `${'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(2)} and other words that do not break`
  const folder = await mkdtemp(join(tmpdir(), 'circle-words-'))
  await circle.run('episode', 'add', await writeTone(folder, 'tone.wav', 1), '--title', title, '--plan', 'enterprise')
  await rm(folder, { recursive: true })
  await page.goto('/episodes')
  await expect(page.getByRole('link', { name: title, exact: false }).first()).toBeVisible()
  await audit(page, 'episodes-long-words')
})
