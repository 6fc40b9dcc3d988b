// Without a connection: the site opens, says so, goes on by itself, and has kept nothing of an account.

import { type Page } from '@playwright/test'
import { audit } from '../support/audit.ts'
import { signUp } from '../support/states.ts'
import { expect, test } from '../support/test.ts'

/** The paths that the service worker has kept. */
const keptPaths = (page: Page) =>
  page.evaluate(async () => {
    const cache = await caches.open('site')
    return (await cache.keys()).map((request) => new URL(request.url).pathname)
  })

/** Waits until the service worker has kept what a bundle needs. */
async function kept(page: Page, bundle: 'visitor' | 'web'): Promise<void> {
  const parts = async () => (await keptPaths(page)).filter((path) => path.startsWith(`/${bundle}-`)).length
  await expect.poll(parts).toBe(2)
}

test('a listener who opens a page offline is told so, and the page comes with the connection', async ({
  page,
  context,
}) => {
  await signUp(page)
  await page.goto('/account')
  await expect(page.getByTestId('plan')).toBeVisible()
  await kept(page, 'web')
  const paths = await keptPaths(page)
  const worker = await page.request.get('/sw.js')
  expect(worker.headers()['cache-control'], 'a new build is seen at once').toBe('no-cache')
  expect(paths.filter((path) => /^\/(api|feeds|media|account|episodes)/.test(path))).toEqual([])

  await context.setOffline(true)
  await page.goto('/episodes')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This page needs a connection.')
  await expect(page.getByText('You are offline.')).toBeVisible()
  await audit(page, 'offline-page')
  await context.setOffline(false)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Episodes')
})

test('the plans can be read offline by who has been here before', async ({ page, context }) => {
  await page.goto('/pricing')
  await kept(page, 'visitor')
  // Loaded without the service worker the first time.
  await page.reload()
  await expect(page.getByRole('button', { name: 'Monthly' })).toBeVisible()
  await context.setOffline(true)
  await page.goto('/pricing?again')
  await expect(page.getByRole('button', { name: 'Monthly' })).toBeVisible()
  await expect(page.locator('.plans')).toContainText('$10 a month')
})
