// Puts a listener into a state by Stripe's API and the sandbox's clock, as Stripe itself would.

import { type Page } from '@playwright/test'
import { type Circle } from './circle.ts'
import { newEmail, PASSWORD } from './site.ts'
import { expect } from './test.ts'

export interface Listener {
  email: string
  token: string
  customer: string
}

/** Registers beside the page, which is then signed in, and has Stripe make the customer. */
export async function signUp(page: Page): Promise<Listener> {
  const email = newEmail()
  const registered = await page.request.post('/api/auth/register', { data: { email, password: PASSWORD } })
  expect(registered.status()).toBe(201)
  const { token } = (await registered.json()) as { token: string }
  const headers = { authorization: `Bearer ${token}` }
  const checkout = await page.request.post('/api/billing/checkout-session', { headers, data: { plan: 'pro' } })
  expect(checkout.status()).toBe(200)
  const me = await page.request.get('/api/me', { headers })
  const { stripe_customer_id: customer } = (await me.json()) as { stripe_customer_id: string }
  await page.addInitScript(() => localStorage.setItem('signed-in', 'yes'))
  return { email, token, customer }
}

/** Adds a card of Stripe's test cards to the customer. */
export async function addCard(circle: Circle, customer: string, card: string): Promise<string> {
  const { id } = await circle.stripe<{ id: string }>('POST', `/v1/payment_methods/${card}/attach`, { customer })
  return id
}

/** Subscribes the customer to Pro; `extra` are parameters of Stripe's. */
export async function subscribeBehind(
  circle: Circle,
  customer: string,
  extra: Record<string, string>,
): Promise<string> {
  const prices = await circle.stripe<{ data: { id: string }[] }>('GET', '/v1/prices?lookup_keys[]=pro')
  const price = prices.data[0]?.id ?? ''
  const { id } = await circle.stripe<{ id: string }>('POST', '/v1/subscriptions', {
    customer,
    'items[0][price]': price,
    ...extra,
  })
  return id
}

/** Signs up and subscribes to Pro with a card that pays. */
export async function joinPro(page: Page, circle: Circle): Promise<Listener & { subscription: string }> {
  const listener = await signUp(page)
  const card = await addCard(circle, listener.customer, 'pm_card_visa')
  const subscription = await subscribeBehind(circle, listener.customer, { default_payment_method: card })
  return { ...listener, subscription }
}

/** Has the next renewal meet a card that does not pay. */
export async function failRenewal(
  circle: Circle,
  customer: string,
  subscription: string,
  card: string,
): Promise<void> {
  const method = await addCard(circle, customer, card)
  await circle.stripe('POST', `/v1/subscriptions/${subscription}`, { default_payment_method: method })
  await circle.advance('1month')
  await circle.advance('2h')
}

/** Pays the latest invoice of the subscription back in full. */
export async function refundLatest(circle: Circle, subscription: string): Promise<void> {
  const { latest_invoice: invoice } = await circle.stripe<{ latest_invoice: string }>(
    'GET',
    `/v1/subscriptions/${subscription}`,
  )
  const payments = await circle.stripe<{ data: { payment: { payment_intent: string } }[] }>(
    'GET',
    `/v1/invoice_payments?invoice=${invoice}`,
  )
  await circle.stripe('POST', '/v1/refunds', { payment_intent: payments.data[0]?.payment.payment_intent ?? '' })
}
