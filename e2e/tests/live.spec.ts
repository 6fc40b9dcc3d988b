// What happens elsewhere shows on the open page, without a reload.

import { type BrowserContext, type Page } from '@playwright/test'
import { type Circle } from '../support/circle.ts'
import { Portal } from '../support/hosted.ts'
import { Account } from '../support/site.ts'
import { joinPro } from '../support/states.ts'
import { expect, test } from '../support/test.ts'

/** The account page in one more tab. */
async function anotherTab(context: BrowserContext, circle: Circle): Promise<Page> {
  const tab = await context.newPage()
  await tab.goto(`${circle.url}/account`)
  await expect(new Account(tab).plan('Pro', 'Active')).toBeVisible()
  return tab
}

/** Remembers that this page was not loaded again; the answer says whether that still holds. */
async function mark(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate(() => Object.assign(window, { loadedOnce: true }))
  return () => page.evaluate(() => 'loadedOnce' in window)
}

test('a change made in the portal shows in every open tab', async ({ page, context, circle }) => {
  await joinPro(page, circle)
  await page.goto('/account')
  const tabs = [page, await anotherTab(context, circle)]
  const kept = await Promise.all(tabs.map(mark))
  const third = await anotherTab(context, circle)
  await new Account(third).manageBilling()
  const portal = new Portal(third)
  await portal.openCancellation()
  await portal.confirm()
  await expect(portal.subscription).toContainText('will be canceled on')
  for (const tab of tabs) await expect(new Account(tab).plan('Pro', 'Cancelled, still open')).toBeVisible()
  await portal.resume()
  for (const tab of tabs) await expect(new Account(tab).plan('Pro', 'Active')).toBeVisible()
  for (const loadedOnce of kept) expect(await loadedOnce()).toBe(true)
})

test('a webhook shows on the open page at once', async ({ page, circle }) => {
  const { subscription } = await joinPro(page, circle)
  await page.goto('/account')
  const account = new Account(page)
  await expect(account.plan('Pro', 'Active')).toBeVisible()
  // Both times are this machine's.
  await page.evaluate(() => {
    const shown = new Promise<number>((resolve) => {
      const look = () => {
        if (document.querySelector('[data-testid=status]')?.textContent?.includes('Cancelled')) resolve(Date.now())
      }
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
    })
    Object.assign(window, { shown })
  })
  await circle.stripe('POST', `/v1/subscriptions/${subscription}`, { cancel_at_period_end: 'true' })
  const answered = Date.now()
  const shown = await page.evaluate(() => (window as unknown as { shown: Promise<number> }).shown)
  const milliseconds = shown - answered
  test.info().annotations.push({ type: 'shown after', description: `${milliseconds} ms` })
  console.log(`the page showed the change ${milliseconds} ms after Stripe's API had answered`)
  await expect(account.plan('Pro', 'Cancelled, still open')).toBeVisible()
})

test('when the tab with the stream is closed, another one takes over', async ({ page, context, circle }) => {
  const { subscription } = await joinPro(page, circle)
  await page.goto('/account')
  await expect(new Account(page).plan('Pro', 'Active')).toBeVisible()
  const second = await anotherTab(context, circle)
  const stream = second.waitForRequest('**/api/events')
  await page.close()
  await stream
  await circle.stripe('POST', `/v1/subscriptions/${subscription}`, { cancel_at_period_end: 'true' })
  await expect(new Account(second).plan('Pro', 'Cancelled, still open')).toBeVisible()
})

test('after a lost connection the page catches up', async ({ page, context, circle }) => {
  const { subscription } = await joinPro(page, circle)
  await page.goto('/account')
  const account = new Account(page)
  await expect(account.plan('Pro', 'Active')).toBeVisible()
  const second = await anotherTab(context, circle)
  const kept = await mark(page)
  await context.setOffline(true)
  await expect(page.getByText('You are offline.')).toBeVisible()
  // Chromium keeps what is open when it is told to be offline; this cuts the stream.
  await circle.restart()
  await circle.stripe('POST', `/v1/subscriptions/${subscription}`, { cancel_at_period_end: 'true' })
  await expect(account.plan('Pro', 'Active')).toBeVisible()
  await context.setOffline(false)
  await expect(account.plan('Pro', 'Cancelled, still open')).toBeVisible()
  await expect(new Account(second).plan('Pro', 'Cancelled, still open')).toBeVisible()
  expect(await kept()).toBe(true)
})

test('a token that ran out is traded for a new one once, however many tabs are open', async ({ page, context, circle }) => {
  await joinPro(page, circle)
  await page.goto('/account')
  await expect(new Account(page).plan('Pro', 'Active')).toBeVisible()
  const tabs = [page, await anotherTab(context, circle), await anotherTab(context, circle)]
  let trades = 0
  context.on('request', (sent) => {
    if (new URL(sent.url()).pathname === '/api/auth/refresh') trades += 1
  })
  const later = Date.now() + 16 * 60_000
  for (const tab of tabs) await tab.clock.setSystemTime(later)
  for (const tab of tabs) {
    await tab.getByRole('banner').getByRole('link', { name: 'Episodes' }).click()
    await expect(tab.getByRole('button', { name: /^Play / }).first()).toBeVisible()
  }
  expect(trades).toBe(1)
})
