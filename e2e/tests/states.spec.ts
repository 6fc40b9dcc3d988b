// Every state of a subscription: its own words, and one clear action.

import { audit } from '../support/audit.ts'
import { addCard, signUp, subscribeBehind } from '../support/states.ts'
import { expect, test } from '../support/test.ts'

interface State {
  name: string
  /** Parameters of the subscription. */
  extra?: Record<string, string>
  card?: string
  /** What happens to it afterwards. */
  then?: (stripe: Stripe, subscription: string, customer: string) => Promise<unknown>
  /** In the pill. */
  label: string | RegExp
  /** In the notice. */
  notice?: string | RegExp
  /** The one thing to do. */
  action?: string
  /** Where it leads. */
  leadsTo?: RegExp
}

interface Stripe {
  call: (method: 'POST' | 'DELETE', path: string, form?: Record<string, string>) => Promise<unknown>
  advance: (by: string) => Promise<unknown>
}

const days = (count: number) => String(Math.floor(Date.now() / 1000) + count * 86_400 - 3600)

const STATES: State[] = [
  { name: 'active', label: 'Active' },
  {
    name: 'trialing',
    extra: { trial_end: days(9) },
    label: /Trial, [89] days left/,
    notice: 'Your trial is running.',
  },
  {
    name: 'incomplete',
    card: 'pm_card_authenticationRequired',
    extra: { payment_behavior: 'default_incomplete' },
    label: 'Payment not finished',
    notice: 'Your payment is not finished.',
    action: 'Finish payment',
    leadsTo: /\/invoice/,
  },
  {
    name: 'ending',
    then: (stripe, subscription) =>
      stripe.call('POST', `/v1/subscriptions/${subscription}`, { cancel_at_period_end: 'true' }),
    label: 'Cancelled, still open',
    notice: /Your plan ends on/,
    action: 'Resume plan',
    leadsTo: /\/portal/,
  },
  {
    name: 'ended',
    then: (stripe, subscription) => stripe.call('DELETE', `/v1/subscriptions/${subscription}`),
    label: 'Ended',
    notice: /Your plan (has )?ended/,
    action: 'See the plans',
    leadsTo: /\/pricing/,
  },
  {
    name: 'paused',
    card: '',
    extra: { trial_end: days(1), 'trial_settings[end_behavior][missing_payment_method]': 'pause' },
    then: (stripe) => stripe.advance('2days'),
    label: 'Paused',
    notice: 'Your plan is paused.',
    action: 'Resume plan',
  },
  {
    name: 'past-due',
    then: async (stripe, subscription, customer) => {
      const card = (await stripe.call('POST', '/v1/payment_methods/pm_card_chargeCustomerFail/attach', {
        customer,
      })) as { id: string }
      await stripe.call('POST', `/v1/subscriptions/${subscription}`, { default_payment_method: card.id })
      await stripe.advance('1month')
      await stripe.advance('2h')
    },
    label: 'Payment failed',
    notice: 'Your last payment did not go through.',
    action: 'Update card',
    leadsTo: /\/portal/,
  },
]

for (const state of STATES) {
  test(`${state.name}: its own words and one clear action`, async ({ page, circle }) => {
    const { customer } = await signUp(page)
    const card = state.card === '' ? '' : await addCard(circle, customer, state.card ?? 'pm_card_visa')
    const subscription = await subscribeBehind(circle, customer, {
      ...(card && { default_payment_method: card }),
      ...state.extra,
    })
    const stripe: Stripe = {
      call: (method, path, form) => circle.stripe(method, path, form),
      advance: (by) => circle.advance(by),
    }
    await state.then?.(stripe, subscription, customer)
    await page.goto('/account')
    await expect(page.getByTestId('status')).toHaveText(state.label)
    const notice = page.locator('.notice')
    if (state.notice) await expect(notice).toContainText(state.notice)
    else await expect(notice).toHaveCount(0)
    await expect(page.getByRole('heading', { name: 'Billing history' })).toBeVisible()
    await audit(page, `account-${state.name}`)
    if (!state.action) return
    const action = notice.getByRole('button').or(notice.getByRole('link'))
    await expect(action).toHaveCount(1)
    await expect(action).toHaveText(state.action)
    if (!state.leadsTo) return
    await action.click()
    await expect(page).toHaveURL(state.leadsTo)
  })
}

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
