// Without a mouse and without seeing the page: everything is reached by Tab, seen to be reached, and said.

import { type Page } from '@playwright/test'
import { onCheckout } from '../support/hosted.ts'
import { newEmail, PASSWORD } from '../support/site.ts'
import { joinPro } from '../support/states.ts'
import { expect, test } from '../support/test.ts'

/** Names of what Tab reaches, in order, from the top of the page to where it begins again. */
async function walk(page: Page): Promise<string[]> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  const names: string[] = []
  for (;;) {
    await page.keyboard.press('Tab')
    const reached = await page.evaluate(() => {
      const element = document.activeElement
      if (!element || element === document.body || element.hasAttribute('data-reached')) return null
      element.setAttribute('data-reached', '')
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element)
      const name = element.getAttribute('aria-label') ?? element.textContent?.trim() ?? ''
      const isShown = (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none'
      return { name: name || element.getAttribute('id') || element.tagName, isShown }
    })
    if (!reached) return names
    expect.soft(reached.isShown, `focus is seen on ${reached.name} of ${page.url()}`).toBe(true)
    names.push(reached.name)
  }
}

test('every control is reached by Tab, with a visible focus', async ({ page, circle }) => {
  await joinPro(page, circle)
  for (const [path, expected] of [
    ['/', ['Skip to content', 'Inner Circle', 'Episodes', 'Pricing', 'Account']],
    ['/pricing', ['Monthly', 'Change to Starter', 'Change to Enterprise']],
    ['/episodes', ['Search episodes', 'Unplayed']],
    ['/account', ['Log out', 'Manage billing', 'Copy', 'New address', 'Overcast', 'Change password', 'Delete account']],
  ] as const) {
    await page.goto(path)
    await expect(page.getByRole('banner').getByRole('link', { name: 'Account' })).toBeVisible()
    if (path === '/account') await expect(page.getByRole('link', { name: 'Overcast' })).toBeVisible()
    if (path === '/pricing') await expect(page.getByRole('button', { name: 'Change to Starter' })).toBeVisible()
    const names = await walk(page)
    for (const name of expected) expect(names, path).toContain(name)
  }
})

test('a plan is chosen and an account made by keys alone, and each page says its name', async ({ page }) => {
  await page.goto('/')
  const pricing = page.getByRole('banner').getByRole('link', { name: 'Pricing' })
  await expect(pricing).toBeVisible()
  await pricing.focus()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/pricing/)
  await expect(page.getByRole('status').filter({ hasText: 'Pricing' })).toBeAttached()
  await expect(page.getByRole('main')).toBeFocused()
  await page.getByRole('link', { name: 'Choose Pro' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('E-mail')).toBeVisible()
  await page.getByLabel('E-mail').focus()
  await page.keyboard.type(newEmail())
  await page.keyboard.press('Tab')
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await onCheckout(page, 'Pro')
})

test('a dialog keeps the focus, closes with Escape and gives the focus back', async ({ page, circle }) => {
  await joinPro(page, circle)
  await page.goto('/account')
  const opener = page.getByRole('button', { name: 'Change password' })
  await opener.focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByLabel('Current password')).toBeFocused()
  for (let press = 0; press < 8; press += 1) {
    await page.keyboard.press('Tab')
    const outside = await page.evaluate(() => {
      const element = document.activeElement
      return !!element && element !== document.body && !element.closest('dialog')
    })
    expect(outside).toBe(false)
  }
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  await expect(opener).toBeFocused()
})
