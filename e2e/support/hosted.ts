// The pages that Stripe hosts, as the embedded sandbox shows them: Checkout and the Customer Portal.

import { type Locator, type Page } from '@playwright/test'
import { expect } from './test.ts'

/** Stripe's test cards. */
export const CARD = {
  pays: '4242 4242 4242 4242',
  asksFor3DSecure: '4000 0025 0000 3155',
  hasInsufficientFunds: '4000 0000 0000 9995',
  isDeclined: '4000 0000 0000 0002',
}

/** Waits until the browser is on Checkout, which must not be taken for the real one. */
export async function onCheckout(page: Page, plan: string): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(new RegExp(`(Subscribe to|Try) .*${plan}`))
  await expect(page.getByRole('banner')).toContainText('This page is not Stripe')
}

/** Fills the card form, of Checkout and the portal alike, and sends it. */
export async function submitCard(page: Page, number: string): Promise<void> {
  await page.getByLabel('Card number').fill(number)
  await page.getByLabel('Expiry').fill('12 / 34')
  await page.getByLabel('CVC').fill('123')
  await page.getByLabel('Name on card').fill('Ada Listener')
  await page.getByTestId('submit').click()
}

/** Numbers of Stripe's test bank accounts. */
export const BANK_ACCOUNT = { pays: '000123456789', isClosed: '000111111113' }

/** Leads from Checkout to its form for a bank account. */
export async function openBankForm(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Pay from a bank account instead' }).click()
  await expect(page.getByRole('heading', { name: 'Pay from a bank account' })).toBeVisible()
}

/** Fills that form and sends it. */
export async function submitBankAccount(page: Page, number: string): Promise<void> {
  await page.getByLabel('Account number').fill(number)
  await page.getByLabel('Account holder').fill('Ada Listener')
  await page.getByTestId('submit').click()
}

/** Answers the bank's question on the 3-D Secure page. */
export async function answerChallenge(page: Page, answer: 'Complete' | 'Fail'): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Is this you?' })).toBeVisible()
  await page.getByRole('button', { name: `${answer} authentication` }).click()
}

/** The Customer Portal, from the page it opened. */
export class Portal {
  constructor(private readonly page: Page) {}

  /** Waits for its first page. */
  async opened(): Promise<void> {
    await expect(this.page.getByRole('link', { name: /^Return to / })).toBeVisible()
    await expect(this.subscription).toBeVisible()
  }

  get subscription(): Locator {
    return this.page.getByTestId('subscription')
  }

  get status(): Locator {
    return this.subscription.getByTestId('status')
  }

  get invoices(): Locator {
    return this.page.getByTestId('invoice')
  }

  get cards(): Locator {
    return this.page.getByTestId('payment-method')
  }

  async goBackToSite(): Promise<void> {
    await this.page.getByRole('link', { name: /^Return to / }).click()
  }

  /** Leads to the page that says what the change costs. */
  async choosePlan(plan: string): Promise<void> {
    await this.subscription.getByRole('link', { name: 'Update plan' }).click()
    await this.page.getByRole('radio', { name: new RegExp(`^${plan}\\b`) }).check()
    await this.page.getByTestId('submit').click()
    await expect(this.page.getByRole('heading', { name: 'Confirm your update' })).toBeVisible()
  }

  /** Sends the form of the page it is on: a change of plan, a cancellation. */
  async confirm(): Promise<void> {
    await this.page.getByTestId('submit').click()
  }

  async openCancellation(): Promise<void> {
    await this.subscription.getByRole('link', { name: 'Cancel plan' }).click()
    await expect(this.page.getByRole('heading', { name: 'Cancel your plan' })).toBeVisible()
  }

  async openCardForm(): Promise<void> {
    await this.page.getByRole('link', { name: 'Add payment method' }).click()
    await expect(this.page.getByLabel('Card number')).toBeVisible()
  }

  async resume(): Promise<void> {
    await this.page.getByRole('button', { name: "Don't cancel plan" }).click()
  }

  /** What has just been done, as the portal tells it. */
  get notice(): Locator {
    return this.page.getByRole('status')
  }
}
