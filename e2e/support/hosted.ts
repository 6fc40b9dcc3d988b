// The pages that Stripe hosts, as the embedded sandbox shows them: Checkout and the Customer Portal.

import { type Page } from '@playwright/test'
import { expect } from './test.ts'

/** Stripe's test cards. */
export const CARD = {
  pays: '4242 4242 4242 4242',
  asksFor3DSecure: '4000 0025 0000 3155',
  hasInsufficientFunds: '4000 0000 0000 9995',
  isDeclined: '4000 0000 0000 0002',
}

/** Fills the card form and sends it. */
export async function submitCard(page: Page, number: string): Promise<void> {
  await page.getByLabel('Card number').fill(number)
  await page.getByLabel('Expiry').fill('12 / 34')
  await page.getByLabel('CVC').fill('123')
  await page.getByLabel('Name on card').fill('Ada Listener')
  await page.getByTestId('submit').click()
}

/** Waits until the browser is on Checkout. */
export async function onCheckout(page: Page): Promise<void> {
  await expect(page.getByLabel('Card number')).toBeVisible()
  await expect(page.getByText('This page is not Stripe')).toBeVisible()
}

/** Answers the bank's question on the 3-D Secure page. */
export async function answerChallenge(page: Page, answer: 'Complete' | 'Fail'): Promise<void> {
  await page.getByRole('button', { name: answer }).click()
}
