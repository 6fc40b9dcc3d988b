// The site as a listener uses it, by the names that a screen reader says, and its API beside the browser.

import { type APIRequestContext, type Locator, type Page } from '@playwright/test'
import { CARD, onCheckout, submitCard } from './hosted.ts'
import { expect } from './test.ts'

export const PASSWORD = 'correct horse battery'

/** An amount that is not nothing, as the pages write it. */
export const somePrice = /^\$\d*[1-9]\d*\.\d\d$/

let listeners = 0

/** An address that nobody has registered with this worker's server. */
export function newEmail(): string {
  listeners += 1
  return `ada${listeners}@example.com`
}

async function fillCredentials(page: Page, email: string): Promise<void> {
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
}

/** What to do on the pages on the way. */
interface OnTheWay {
  onPricing?: () => Promise<void>
  onRegister?: () => Promise<void>
}

/** Picks a plan on the pricing page, registers, and arrives on Checkout. Returns the new account's e-mail. */
export async function registerFor(page: Page, plan: string, on: OnTheWay = {}): Promise<string> {
  const email = newEmail()
  await page.goto('/pricing')
  const choose = page.getByRole('link', { name: `Choose ${plan}` })
  await expect(choose).toBeVisible()
  await on.onPricing?.()
  await choose.click()
  await expect(page.getByLabel('E-mail')).toBeVisible()
  await on.onRegister?.()
  await fillCredentials(page, email)
  await page.getByRole('button', { name: 'Continue to payment' }).click()
  await onCheckout(page, plan)
  return email
}

/** Registers and pays for a plan, and waits until it is active. Returns the new account's e-mail. */
export async function subscribe(page: Page, plan: string): Promise<string> {
  const email = await registerFor(page, plan)
  await submitCard(page, CARD.pays)
  await expect(page.getByText(`${plan} is active`)).toBeVisible()
  return email
}

/** Registers without choosing a plan. Returns the new account's e-mail. */
export async function register(page: Page): Promise<string> {
  const email = newEmail()
  await page.goto('/register')
  await fillCredentials(page, email)
  await page.getByRole('main').getByRole('button', { name: 'Create account' }).click()
  await expect(page).not.toHaveURL(/\/register/)
  return email
}

export async function logIn(page: Page, email: string): Promise<void> {
  await page.goto('/login')
  await fillCredentials(page, email)
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
  await expect(page).not.toHaveURL(/\/login/)
}

/** The account page. */
export class Account {
  constructor(private readonly page: Page) {}

  /** The card that shows this plan, or `No plan`, in this state. */
  plan(name: string, state: string): Locator {
    return this.page
      .locator('.card')
      .filter({ has: this.page.getByRole('heading', { name, exact: true }) })
      .filter({ hasText: state })
  }

  get nextCharge(): Locator {
    return this.page.getByRole('term').filter({ hasText: 'Next charge' })
  }

  get endsOn(): Locator {
    return this.page.getByRole('term').filter({ hasText: 'Ends on' })
  }

  /** Goes to the Customer Portal. */
  async manageBilling(): Promise<void> {
    await this.page.getByRole('button', { name: 'Manage billing' }).click()
  }
}

/** Starts an episode from the list and waits until it is heard to move. */
export async function play(page: Page, episode: { title: string }): Promise<void> {
  await page.getByRole('button', { name: `Play ${episode.title}` }).click()
  const position = () => page.locator('audio').evaluate((audio: HTMLAudioElement) => audio.currentTime)
  await expect.poll(position).toBeGreaterThan(0)
  const before = await position()
  await expect.poll(position).toBeGreaterThan(before)
}

/** Logs in beside the browser, as an API consumer would. Returns the headers that carry the token. */
export async function bearer(request: APIRequestContext, email: string): Promise<{ authorization: string }> {
  const response = await request.post('/api/auth/login', { data: { email, password: PASSWORD } })
  expect(response.status()).toBe(200)
  const { token } = (await response.json()) as { token: string }
  return { authorization: `Bearer ${token}` }
}

export interface Episode {
  id: string
  title: string
  required_plan: string | null
  locked: boolean
  audio_url?: string
}

/** The episodes as the API lists them for one listener. */
export async function listEpisodes(request: APIRequestContext, headers: Record<string, string>): Promise<Episode[]> {
  const response = await request.get('/api/episodes', { headers })
  expect(response.status()).toBe(200)
  return ((await response.json()) as { episodes: Episode[] }).episodes
}

/** An episode that the listener hears because of a plan, with its signed audio address. */
export async function paidEpisode(
  request: APIRequestContext,
  headers: Record<string, string>,
): Promise<Episode & { audio_url: string }> {
  const open = (await listEpisodes(request, headers)).find((episode) => episode.required_plan && episode.audio_url)
  expect(open, 'an episode that the plan opens').toBeDefined()
  return open as Episode & { audio_url: string }
}
