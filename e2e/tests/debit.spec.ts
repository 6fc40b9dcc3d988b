// A payment from a bank account: Checkout is complete at once, and the money comes days later, or does not.

import { type Page } from '@playwright/test'
import { audit } from '../support/audit.ts'
import { BANK_ACCOUNT, CARD, openBankForm, submitBankAccount, submitCard } from '../support/hosted.ts'
import { bearer, listEpisodes, registerFor } from '../support/site.ts'
import { expect, test } from '../support/test.ts'

test.use({ payments: ['card', 'us_bank_account'] })

/** Chooses Pro, registers, and pays from a bank account. Returns the new account's e-mail. */
async function payFromBank(page: Page, account: string): Promise<string> {
  const email = await registerFor(page, 'Pro')
  await openBankForm(page)
  await submitBankAccount(page, account)
  await expect(page).toHaveURL(/\/checkout\/return/)
  return email
}

test('a debit is on its way for days, opens nothing until then, and everything when it comes', async ({
  page,
  circle,
  request,
}) => {
  const email = await registerFor(page, 'Pro')
  await openBankForm(page)
  await audit(page, 'sandbox-bank-account')
  await submitBankAccount(page, BANK_ACCOUNT.pays)

  await test.step('the page that Checkout returns to says what happens next', async () => {
    const state = page.getByRole('status').filter({ has: page.getByRole('heading') })
    await expect(state).toContainText('Your bank is still working on it.')
    await expect(state).toContainText('a few days')
    await audit(page, 'checkout-return-debit')
    await state.getByRole('link', { name: 'Go to your account' }).click()
  })

  await test.step('the account says the same, and nothing is to be done', async () => {
    await expect(page.getByTestId('status')).toHaveText('Payment on its way')
    const notice = page.locator('.notice')
    await expect(notice).toContainText('Your payment is on its way.')
    await expect(notice.getByRole('button')).toHaveCount(0)
    await expect(page.getByRole('heading', { name: 'Billing history' })).toBeVisible()
    await audit(page, 'account-debit-under-way')
    const episodes = await listEpisodes(request, await bearer(request, email))
    expect(episodes.filter((episode) => episode.required_plan).every((episode) => episode.locked)).toBe(true)
  })

  await test.step('the open page knows when the money has come', async () => {
    await circle.advance('5days')
    await expect(page.getByTestId('status')).toHaveText('Active')
    await expect(page.locator('.notice')).toHaveCount(0)
    await audit(page, 'account-debit-paid')
    const episodes = await listEpisodes(request, await bearer(request, email))
    expect(episodes.some((episode) => episode.required_plan === 'pro' && !episode.locked)).toBe(true)
  })
})

test('the page that waits for a debit turns into the plan when it comes', async ({ page, circle }) => {
  await payFromBank(page, BANK_ACCOUNT.pays)
  await expect(page.getByText('Your bank is still working on it.')).toBeVisible()
  await circle.advance('5days')
  await expect(page.getByRole('status').getByText('Pro is active')).toBeVisible()
})

test('a debit that the bank refuses is said on the open page, and can be paid another way', async ({ page, circle }) => {
  await payFromBank(page, BANK_ACCOUNT.isClosed)
  await expect(page.getByText('Your bank is still working on it.')).toBeVisible()
  await circle.advance('5days')
  await expect(page.getByRole('heading', { name: 'Your payment did not go through.' })).toBeVisible()
  await audit(page, 'checkout-return-failed')
  await page.getByRole('main').getByRole('link', { name: 'Go to your account' }).click()

  await expect(page.getByTestId('status')).toHaveText('Payment failed')
  await expect(page.locator('.notice')).toContainText('Your first payment did not go through.')
  await expect(page.getByRole('heading', { name: 'Billing history' })).toBeVisible()
  await audit(page, 'account-debit-failed')
  await page.locator('.notice').getByRole('button', { name: 'Pay now' }).click()
  await expect(page).toHaveURL(/\/invoice/)
  await submitCard(page, CARD.pays)
  await expect(page.getByRole('heading', { name: 'Receipt' })).toBeVisible()
  await page.goto('/account')
  await expect(page.getByTestId('status')).toHaveText('Active')
})
