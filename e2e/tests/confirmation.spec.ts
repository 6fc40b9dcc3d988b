// A payment that waits for the listener's bank (3-D Secure), at the first payment and at a renewal.

import { type Page } from '@playwright/test'
import { audit } from '../support/audit.ts'
import { type Circle } from '../support/circle.ts'
import { answerChallenge, CARD, submitCard } from '../support/hosted.ts'
import { addCard, signUp, subscribeBehind } from '../support/states.ts'
import { expect, test } from '../support/test.ts'

const STARTS: Record<string, (circle: Circle, customer: string, card: string) => Promise<void>> = {
  'the first payment': async (circle, customer, card) => {
    await subscribeBehind(circle, customer, { default_payment_method: card, payment_behavior: 'allow_incomplete' })
  },
  'a renewal': async (circle, customer, card) => {
    const pays = await addCard(circle, customer, 'pm_card_visa')
    const subscription = await subscribeBehind(circle, customer, { default_payment_method: pays })
    await circle.stripe('POST', `/v1/subscriptions/${subscription}`, { default_payment_method: card })
    await circle.advance('1month')
    await circle.advance('2h')
  },
}

async function confirm(page: Page): Promise<void> {
  await page.locator('.notice').getByRole('button', { name: 'Confirm payment' }).click()
  await expect(page).toHaveURL(/\/invoice/)
  await submitCard(page, CARD.asksFor3DSecure)
  await answerChallenge(page, 'Complete')
  await expect(page.getByRole('heading', { name: 'Receipt' })).toBeVisible()
}

for (const [name, start] of Object.entries(STARTS)) {
  test(`${name} that waits for the bank has its own words, and leads to the page that asks`, async ({
    page,
    circle,
  }) => {
    const { customer } = await signUp(page)
    await start(circle, customer, await addCard(circle, customer, 'pm_card_authenticationRequired'))
    await page.goto('/account')
    await expect(page.getByTestId('status')).toHaveText('Waits for your bank')
    await expect(page.locator('.notice')).toContainText('Your bank wants you to confirm a payment.')
    await audit(page, `account-confirm-${name.split(' ').pop()}`)
    await confirm(page)
    await page.goto('/account')
    await expect(page.getByTestId('status')).toHaveText('Active')
  })
}
