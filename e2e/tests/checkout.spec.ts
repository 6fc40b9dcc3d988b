// Paying, and what can come in between.

import { audit } from '../support/audit.ts'
import { answerChallenge, CARD, onCheckout, Portal, submitCard } from '../support/hosted.ts'
import { Account, registerFor, subscribe } from '../support/site.ts'
import { expect, test } from '../support/test.ts'

test('3-D Secure on Checkout: a failed challenge can be tried again, a completed one pays', async ({ page }) => {
  await registerFor(page, 'Pro')
  await submitCard(page, CARD.asksFor3DSecure)
  await audit(page, 'sandbox-challenge')
  await answerChallenge(page, 'Fail')
  await onCheckout(page, 'Pro')
  await expect(page.getByText('unable to authenticate')).toBeVisible()

  await submitCard(page, CARD.asksFor3DSecure)
  await answerChallenge(page, 'Complete')
  await expect(page.getByText('Pro is active')).toBeVisible()
})

test('3-D Secure for a card added in the portal: a failed challenge saves nothing, a completed one does', async ({
  page,
}) => {
  const portal = new Portal(page)
  await subscribe(page, 'Starter')
  await page.goto('/account')
  await new Account(page).manageBilling()
  await expect(portal.cards).toHaveCount(1)

  await portal.openCardForm()
  await audit(page, 'sandbox-portal-add-card')
  await submitCard(page, CARD.asksFor3DSecure)
  await answerChallenge(page, 'Fail')
  await expect(page.getByText('unable to authenticate')).toBeVisible()

  await submitCard(page, CARD.asksFor3DSecure)
  await answerChallenge(page, 'Complete')
  await expect(portal.notice).toHaveText('Your card has been saved.')
  await expect(portal.cards).toHaveCount(2)
  await expect(portal.cards.filter({ hasText: '3155' })).toHaveCount(1)
})

test('turning back from Checkout leads to the plans and costs nothing', async ({ page }) => {
  await registerFor(page, 'Starter')
  await page.getByRole('link', { name: /^Back to / }).click()
  await expect(page).toHaveURL(/\/pricing/)
  await page.goto('/account')
  await expect(new Account(page).plan('No plan', 'No plan yet')).toBeVisible()
})

test('a yearly plan is sold by the year', async ({ page }) => {
  await page.goto('/pricing')
  await page.getByRole('button', { name: /^Yearly/ }).click()
  await expect(page.getByRole('main')).toContainText('a year')
  await page.getByRole('link', { name: 'Choose Pro' }).click()
  await expect(page).toHaveURL(/\/register/)
  await expect(page.getByText(/pay for Pro, .* a year/)).toBeVisible()
})
