// What is open to whom: the list, and the audio itself.

import { audit } from '../support/audit.ts'
import { Portal } from '../support/hosted.ts'
import { Account, bearer, listEpisodes, logIn, paidEpisode, play, register, subscribe } from '../support/site.ts'
import { expect, test } from '../support/test.ts'

test('a visitor hears what is free and sees what is locked', async ({ page, request }) => {
  await page.goto('/')
  await page.getByRole('link', { name: 'Hear a free episode' }).click()
  await expect(page).toHaveURL(/\/episodes$/)
  const episodes = await listEpisodes(request, {})
  const free = episodes.find((episode) => !episode.locked)
  const locked = episodes.find((episode) => episode.locked)
  expect(locked?.audio_url).toBeUndefined()
  await expect(page.getByRole('link', { name: `Unlock ${locked?.title}` })).toBeVisible()
  await play(page, { title: free?.title ?? 'a free episode' })
})

test('a listener without a plan sees locked episodes and gets no address of their audio', async ({ page, request }) => {
  const email = await register(page)
  await page.goto('/episodes')
  const episodes = await listEpisodes(request, await bearer(request, email))
  const locked = episodes.filter((episode) => episode.locked)
  expect(locked.length).toBeGreaterThan(0)
  for (const episode of locked) {
    expect(episode.audio_url).toBeUndefined()
    await expect(page.getByRole('link', { name: `Unlock ${episode.title}` })).toBeVisible()
    await expect(page.getByRole('button', { name: `Play ${episode.title}` })).toHaveCount(0)
  }
  await audit(page, 'episodes-locked')
})

test('audio needs a signature, and an unchanged one', async ({ page, request }) => {
  const email = await subscribe(page, 'Starter')
  const { audio_url } = await paidEpisode(request, await bearer(request, email))

  const range = await request.get(audio_url, { headers: { range: 'bytes=0-99' } })
  expect(range.status()).toBe(206)
  expect((await range.body()).length).toBe(100)

  const url = new URL(audio_url)
  for (const [name, value] of url.searchParams) {
    const changed = new URL(url)
    changed.searchParams.set(name, (value.startsWith('1') ? '2' : '1') + value.slice(1))
    expect((await request.get(changed.href)).status(), `with another ${name}`).toBe(403)
  }
  const bare = new URL(url)
  bare.search = ''
  expect((await request.get(bare.href)).status(), 'without a signature').toBe(403)
})

test('the session outlives a new start of the page, and ends with logging out', async ({ page }) => {
  const email = await register(page)
  await page.reload()
  await page.goto('/account')
  await expect(page.getByText(email).first()).toBeVisible()
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.goto('/account')
  await expect(page).toHaveURL(/\/login/)
  await logIn(page, email)
  await page.goto('/account')
  await expect(page.getByText(email).first()).toBeVisible()
})

test('a new start of the server on the same data keeps accounts, sessions, plans and what Stripe knows', async ({
  page,
  circle,
}) => {
  await subscribe(page, 'Pro')
  await circle.restart()
  await page.goto('/account')
  const account = new Account(page)
  await expect(account.plan('Pro', 'Active')).toBeVisible()
  await account.manageBilling()
  await expect(new Portal(page).subscription).toContainText('Pro')
})
