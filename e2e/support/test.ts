// The test function of this suite: one server a worker, and pages whose scripts must not fail.

import { test as base } from '@playwright/test'
import { Circle } from './circle.ts'

export { expect } from '@playwright/test'

/** What Chromium reports as an error and is normal here. */
const NORMAL = [
  // Every answer of 400 and above: asking and being refused.
  'Failed to load resource',
  // The service worker's script, which it looks for in the background, without a connection.
  'An unknown error occurred when fetching the script',
]

interface Server {
  /** The ways to pay on Checkout, in Stripe's words; cards when none are named. */
  payments: string[]
  circle: Circle
}

export const test = base.extend<object, Server>({
  payments: [[], { scope: 'worker', option: true }],
  circle: [
    async ({ payments }, use) => {
      const circle = await Circle.start(payments)
      await use(circle)
      await circle.stop()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  baseURL: async ({ circle }, use) => use(circle.url),
  viewport: { width: 1440, height: 900 },
  page: async ({ page, circle }, use, info) => {
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && !NORMAL.some((start) => message.text().startsWith(start))) {
        complaints.push(`${message.text()} (${message.location().url})`)
      }
    })
    await use(page)
    // A test that broke Stripe and then failed leaves it whole for the next.
    await circle.faults()
    if (info.status !== info.expectedStatus) await info.attach('server log', { path: circle.log })
    base.expect(complaints, 'errors in the browser console').toEqual([])
  },
})
