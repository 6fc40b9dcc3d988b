// Every state of a subscription: its own words, and one clear action.

import { audit } from '../support/audit.ts'
import { type Circle } from '../support/circle.ts'
import { Portal } from '../support/hosted.ts'
import { Account } from '../support/site.ts'
import { addCard, failRenewal, joinPro, type Listener, refundLatest, signUp, subscribeBehind } from '../support/states.ts'
import { expect, test } from '../support/test.ts'

interface State {
  name: string
  /** Parameters of the subscription, made by the sandbox's time in Unix seconds. */
  extra?: (now: number) => Record<string, string>
  /** A card of Stripe's test cards; none when empty. */
  card?: string
  /** What happens to it afterwards. */
  then?: (circle: Circle, subscription: string, listener: Listener) => Promise<unknown>
  /** What the card is headed by, when it is not Pro. */
  plan?: string
  /** In the pill. */
  label: string | RegExp
  /** In the notice. */
  notice?: string | RegExp
  /** The one thing to do. */
  action?: string
  /** Where it leads. */
  leadsTo?: RegExp
  /** What the pill says once the action is done, where that is done here. */
  becomes?: string
}

const DAY = 86_400
const HOUR = 3_600

const STATES: State[] = [
  { name: 'active', label: 'Active' },
  {
    name: 'trialing',
    extra: (now) => ({ trial_end: String(now + 9 * DAY - HOUR) }),
    // By the browser's own clock, which other tests do not move.
    label: /^Trial, \d+ days left$/,
    notice: 'Your trial is running.',
  },
  {
    name: 'incomplete',
    card: 'pm_card_authenticationRequired',
    extra: () => ({ payment_behavior: 'default_incomplete' }),
    label: 'Payment not finished',
    notice: 'Your payment is not finished.',
    action: 'Finish payment',
    leadsTo: /\/invoice/,
  },
  {
    name: 'ending',
    then: (circle, subscription) =>
      circle.stripe('POST', `/v1/subscriptions/${subscription}`, { cancel_at_period_end: 'true' }),
    label: 'Cancelled, still open',
    notice: /Your plan ends on/,
    action: 'Resume plan',
    leadsTo: /\/portal/,
  },
  {
    name: 'ended',
    then: (circle, subscription) => circle.stripe('DELETE', `/v1/subscriptions/${subscription}`),
    label: 'Ended',
    notice: /Your plan (has )?ended/,
    action: 'See the plans',
    leadsTo: /\/pricing/,
  },
  {
    name: 'paused',
    then: (circle, subscription) =>
      circle.stripe('POST', `/v1/subscriptions/${subscription}/pause`, { type: 'subscription' }),
    label: 'Paused',
    notice: 'Your plan is paused.',
    action: 'Resume plan',
    becomes: 'Active',
  },
  {
    name: 'on-hold',
    then: async (circle, subscription) => {
      await circle.stripe('POST', `/v1/subscriptions/${subscription}`, { 'pause_collection[behavior]': 'void' })
      await circle.advance('1month')
      await circle.advance('2h')
    },
    label: 'On hold',
    notice: 'Your plan is on hold.',
  },
  {
    name: 'past-due',
    then: (circle, subscription, { customer }) =>
      failRenewal(circle, customer, subscription, 'pm_card_chargeCustomerFail'),
    label: 'Payment failed',
    notice: /Your last payment did not go through.*You can listen until \w+ \d+/s,
    action: 'Update card',
    leadsTo: /\/portal/,
  },
  {
    name: 'past-due-over',
    then: async (circle, subscription, { customer }) => {
      await failRenewal(circle, customer, subscription, 'pm_card_chargeCustomerFail')
      await circle.advance('8days')
    },
    label: 'Payment failed',
    notice: 'Update your card to listen again.',
    action: 'Update card',
    leadsTo: /\/portal/,
  },
  {
    name: 'unpaid',
    then: async (circle, subscription, { customer }) => {
      await circle.afterLastRetry('unpaid')
      await failRenewal(circle, customer, subscription, 'pm_card_chargeCustomerFail')
      await circle.advance('3weeks')
      await circle.afterLastRetry('cancel')
    },
    label: 'Unpaid',
    notice: 'Your plan is unpaid.',
    action: 'Pay now',
    leadsTo: /\/(portal|invoice)/,
  },
  {
    name: 'refunded',
    then: (circle, subscription) => refundLatest(circle, subscription),
    label: 'Refunded',
    notice: /Your last payment was refunded\..*next payment on \w+ \d+/s,
    action: 'Manage billing',
    leadsTo: /\/portal/,
  },
  {
    name: 'refunded-ending',
    then: async (circle, subscription) => {
      await circle.stripe('POST', `/v1/subscriptions/${subscription}`, { cancel_at_period_end: 'true' })
      await refundLatest(circle, subscription)
    },
    label: 'Refunded',
    notice: /your plan ends on \w+ \d+.* without another charge/,
    action: 'Manage billing',
    leadsTo: /\/portal/,
  },
  {
    name: 'disputed',
    card: 'pm_card_createDispute',
    label: 'Payment disputed',
    notice: 'Your last payment is disputed.',
    action: 'Manage billing',
    leadsTo: /\/portal/,
  },
  {
    name: 'granted',
    card: '',
    extra: () => ({ payment_behavior: 'default_incomplete' }),
    then: (circle, _, { email }) => circle.run('grant', email, '--plan', 'enterprise'),
    plan: 'Enterprise',
    label: 'Guest of the house',
  },
  {
    name: 'subscribed-twice',
    then: async (circle, _, { customer }) =>
      subscribeBehind(circle, customer, { default_payment_method: await addCard(circle, customer, 'pm_card_visa') }),
    label: 'Active',
  },
]

for (const state of STATES) {
  test(`${state.name}: its own words and one clear action`, async ({ page, circle }) => {
    const listener = await signUp(page)
    const { customer } = listener
    const card = state.card === '' ? '' : await addCard(circle, customer, state.card ?? 'pm_card_visa')
    const subscription = await subscribeBehind(circle, customer, {
      ...(card && { default_payment_method: card }),
      ...state.extra?.(await circle.now()),
    })
    await state.then?.(circle, subscription, listener)
    await page.goto('/account')
    await expect(page.getByTestId('status')).toHaveText(state.label)
    await expect(page.getByTestId('plan')).toHaveText(state.plan ?? 'Pro')
    const notice = page.locator('.notice')
    if (state.notice) await expect(notice).toContainText(state.notice)
    else await expect(notice).toHaveCount(0)
    await expect(page.getByRole('heading', { name: 'Billing history' })).toBeVisible()
    await audit(page, `account-${state.name}`)
    if (!state.action) return
    const action = notice.getByRole('button').or(notice.getByRole('link'))
    await expect(action).toHaveCount(1)
    await expect(action).toHaveText(state.action)
    await expect(page.getByRole('main').getByRole('button', { name: state.action })).toHaveCount(await notice.getByRole('button').count())
    await action.click()
    if (state.becomes) await expect(page.getByTestId('status')).toHaveText(state.becomes)
    if (state.leadsTo) await expect(page).toHaveURL(state.leadsTo)
  })
}

test('a cancelled plan is resumed on the page of Stripe, and the account knows when its listener is back', async ({
  page,
  circle,
}) => {
  const { subscription } = await joinPro(page, circle)
  await circle.stripe('POST', `/v1/subscriptions/${subscription}`, { cancel_at_period_end: 'true' })
  await page.goto('/account')
  const account = new Account(page)
  await expect(page.locator('.notice')).toContainText("Resume it on Stripe's page to stay in.")
  await page.getByRole('button', { name: 'Resume plan' }).click()
  const portal = new Portal(page)
  await portal.resume()
  await expect(portal.subscription).toContainText('Your plan renews on')
  await portal.goBackToSite()
  await expect(account.plan('Pro', 'Active')).toBeVisible()
  await expect(account.nextCharge).toBeVisible()
  await expect(page.locator('.notice')).toHaveCount(0)
})

test('a cheaper plan is credited, which is said before', async ({ page, circle }) => {
  await joinPro(page, circle)
  await page.goto('/pricing')
  await page.getByRole('button', { name: 'Change to Starter' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText(/Nothing is charged today; \$\d+\.\d\d is credited to your next charges\./)
  await audit(page, 'pricing-change-down')
})

test('a change of plan says what it costs before it leads to the confirmation', async ({ page, circle }) => {
  const { customer } = await signUp(page)
  const card = await addCard(circle, customer, 'pm_card_visa')
  await subscribeBehind(circle, customer, { default_payment_method: card })
  await page.goto('/pricing')
  await expect(page.getByRole('article').filter({ hasText: 'Current plan' })).toContainText('Pro')
  await audit(page, 'pricing-subscriber')
  await page.getByRole('button', { name: 'Change to Enterprise' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText(/You pay \$\d+\.\d\d today/)
  await expect(dialog).toContainText('Then $50.00 on')
  await audit(page, 'pricing-change')
  await dialog.getByRole('button', { name: 'Keep my plan' }).click()
  await expect(dialog).toHaveCount(0)
  await page.getByRole('button', { name: 'Change to Enterprise' }).click()
  await page.getByRole('button', { name: 'Continue to confirm' }).click()
  await expect(page.getByRole('heading', { name: 'Confirm your update' })).toBeVisible()
})
