// Looks at a page as different people meet it: phone and desktop, light and dark, with assistive technology.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import type { AxeResults } from 'axe-core'

const SCREENSHOTS = join(import.meta.dirname, '../screenshots')
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const PHONE = { width: 390, height: 844 }
const DESKTOP = { width: 1440, height: 900 }
/** The narrowest phones still in use, and a window of 1280 px at 200 % zoom; nothing may scroll sideways. */
const TIGHT = [
  { width: 320, height: 640 },
  { width: 640, height: 400 },
]

/** What axe asks of a whole page, and a mail, which is shown inside one, need not have. */
export const RULES_OF_PAGES = ['landmark-one-main', 'region']

/**
 * Keeps a picture of the page in both sizes and both colour schemes as `screenshots/<name>-<width>-<scheme>.png`,
 * and checks each for what axe finds and for sideways scrolling. Leaves the page on a light desktop.
 * Rules of axe that are `without` meaning here are left out.
 */
export async function audit(page: Page, name: string, without: string[] = []): Promise<void> {
  await test.step(`audit ${name}`, async () => {
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      for (const size of [PHONE, DESKTOP]) {
        await page.setViewportSize(size)
        await page.screenshot({
          path: join(SCREENSHOTS, `${name}-${size.width}-${colorScheme}.png`),
          fullPage: true,
          animations: 'disabled',
        })
        expect.soft(await violations(page, without), `${name}, ${size.width} px, ${colorScheme}`).toEqual([])
      }
    }
    for (const size of TIGHT) {
      await page.setViewportSize(size)
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect.soft(overflow, `${name} scrolls sideways at ${size.width} px`).toBeLessThanOrEqual(0)
    }
    await page.setViewportSize(DESKTOP)
  })
}

/** What axe finds, one line each: rule, help text and the elements. */
async function violations(page: Page, without: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE)
  const rules = Object.fromEntries(without.map((rule) => [rule, { enabled: false }]))
  const results = await page.evaluate(
    (options) => (window as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run(options),
    { rules, resultTypes: ['violations'] },
  )
  return results.violations.map((rule) => {
    const elements = rule.nodes.map((node) => node.target.join(' ')).join(', ')
    return `${rule.id}: ${rule.help}: ${elements}`
  })
}
