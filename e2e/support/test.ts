// The test function of this suite: one server a worker, and pages whose scripts must not fail.

import { test as base } from '@playwright/test'
import { Circle } from './circle.ts'

export { expect } from '@playwright/test'

export const test = base.extend<object, { circle: Circle }>({
  circle: [
    async ({}, use) => {
      const circle = await Circle.start()
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
      // Chromium reports every answer of 400 and above as an error; asking and being refused is normal here.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
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
