// The whole life of a membership, in one browser and without one reload by hand.

import { audit } from '../support/audit.ts'
import { CARD, onCheckout, Portal, submitCard } from '../support/hosted.ts'
import { Account, bearer, paidEpisode, play, registerFor, somePrice } from '../support/site.ts'
import { expect, test } from '../support/test.ts'

test('a listener joins, pays, listens, changes the plan, cancels and resumes', async ({ page, circle, request }) => {
  test.slow()
  const account = new Account(page)
  const portal = new Portal(page)

  await page.goto('/')
  await audit(page, 'home')
  const email = await registerFor(page, 'Starter', {
    onPricing: () => audit(page, 'pricing'),
    onRegister: () => audit(page, 'register'),
  })

  await test.step('declined cards say why and leave Checkout open', async () => {
    await onCheckout(page, 'Starter')
    await expect(page.getByLabel('E-mail')).toHaveValue(email)
    await audit(page, 'sandbox-checkout')
    await submitCard(page, CARD.hasInsufficientFunds)
    await expect(page.getByText('Your card has insufficient funds.')).toBeVisible()
    await audit(page, 'sandbox-checkout-declined')
    await submitCard(page, CARD.isDeclined)
    await expect(page.getByText('Your card was declined.')).toBeVisible()
  })

  await test.step('a card that pays makes the plan active on the page that Checkout returns to', async () => {
    await submitCard(page, CARD.pays)
    await expect(page).toHaveURL(/\/checkout\/return/)
    await expect(page.getByRole('status').getByText('Starter is active')).toBeVisible()
    await audit(page, 'checkout-return')
  })

  const headers = await bearer(request, email)

  await test.step('an episode plays', async () => {
    await page.getByRole('main').getByRole('link', { name: 'Start listening' }).click()
    await play(page, await paidEpisode(request, headers))
    await audit(page, 'episodes')
    await page.goto('/account')
    await expect(account.plan('Starter', 'Active')).toBeVisible()
    await audit(page, 'account')
  })

  await test.step('the portal changes the plan and charges the difference at once', async () => {
    await account.manageBilling()
    await portal.opened()
    await expect(portal.subscription).toContainText('Starter')
    await audit(page, 'sandbox-portal')
    await portal.choosePlan('Pro')
    await expect(page.getByTestId('due-today')).toHaveText(somePrice)
    await audit(page, 'sandbox-portal-confirm')
    await portal.confirm()
    await expect(portal.notice).toHaveText('Your plan has been updated.')
    await expect(portal.invoices).toHaveCount(2)
    await portal.goBackToSite()
    await expect(account.plan('Pro', 'Active')).toBeVisible()
  })

  await test.step('a cancellation at the end of the period shows the date', async () => {
    await account.manageBilling()
    await portal.openCancellation()
    await audit(page, 'sandbox-portal-cancel')
    await portal.confirm()
    await expect(portal.subscription).toContainText('will be canceled on')
    await portal.goBackToSite()
    await expect(account.endsOn).toBeVisible()
  })

  await test.step('resuming takes it back', async () => {
    await account.manageBilling()
    await portal.resume()
    await expect(portal.subscription).toContainText('Your plan renews on')
    await portal.goBackToSite()
    await expect(account.nextCharge).toBeVisible()
    await expect(account.endsOn).toBeHidden()
  })

  await test.step('access ends with the plan, on the open page and for copied audio', async () => {
    const episode = await paidEpisode(request, headers)
    expect((await request.get(episode.audio_url)).status()).toBe(200)
    await page.goto('/account')
    await expect(account.plan('Pro', 'Active')).toBeVisible()
    await page.evaluate(() => Object.assign(window, { loadedOnce: true }))

    const { subscription } = await (await request.get('/api/billing/subscription', { headers })).json()
    await circle.stripe('DELETE', `/v1/subscriptions/${subscription.id}`)

    await expect(account.plan('Pro', 'Ended')).toBeVisible()
    expect(await page.evaluate(() => 'loadedOnce' in window), 'the page was not reloaded').toBe(true)
    await expect.poll(async () => (await request.get(episode.audio_url)).status()).toBe(403)
  })
})
