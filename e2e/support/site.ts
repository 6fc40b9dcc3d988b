// The site as a listener uses it, by the names that a screen reader says.

import { type APIRequestContext, type Locator, type Page } from '@playwright/test'
import { expect } from './test.ts'

export const PASSWORD = 'correct horse battery'

let listeners = 0

/** An address that no other test registers. */
export function newEmail(): string {
  listeners += 1
  return `listener-${process.pid}-${Date.now()}-${listeners}@example.com`
}

/** Picks a plan on the pricing page, registers, and arrives on Checkout. Returns the new account's e-mail. */
export async function registerFor(page: Page, plan: string): Promise<string> {
  const email = newEmail()
  await page.goto('/pricing')
  await page.getByRole('link', { name: `Choose ${plan}` }).click()
  await expect(page).toHaveURL(/\/register\?/)
  await fillCredentials(page, email)
  await page.getByRole('button', { name: 'Continue to payment' }).click()
  return email
}

/** Registers without a plan. Returns the new account's e-mail. */
export async function register(page: Page): Promise<string> {
  const email = newEmail()
  await page.goto('/register')
  await fillCredentials(page, email)
  await page.getByRole('main').getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('button', { name: 'Log out' })).toBeVisible()
  return email
}

export async function logIn(page: Page, email: string): Promise<void> {
  await page.goto('/login')
  await fillCredentials(page, email)
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
}

async function fillCredentials(page: Page, email: string): Promise<void> {
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
}

/** One episode of the list. */
export function episode(page: Page, title: string): Locator {
  return page.getByRole('listitem').filter({ hasText: title })
}

/** The position and state of the page's audio. */
export async function audioPosition(page: Page): Promise<number> {
  return page.locator('audio').evaluate((audio: HTMLAudioElement) => audio.currentTime)
}

/** Logs in beside the browser and returns the bearer token, as an API consumer would. */
export async function bearer(request: APIRequestContext, email: string): Promise<{ authorization: string }> {
  const response = await request.post('/api/auth/login', { data: { email, password: PASSWORD } })
  expect(response.status()).toBe(200)
  const { token } = (await response.json()) as { token: string }
  return { authorization: `Bearer ${token}` }
}
