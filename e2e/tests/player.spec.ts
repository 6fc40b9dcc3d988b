// The player: real audio, heard by the browser.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { audit } from '../support/audit.ts'
import { Player, writeTone } from '../support/player.ts'
import { bearer, paidEpisode } from '../support/site.ts'
import { joinPro } from '../support/states.ts'
import { expect, test } from '../support/test.ts'

// One after the other, on the server that has the episodes.
test.describe.configure({ mode: 'default' })

const HOUR = 'An hour of one tone'
const MINUTES = 'Three minutes of one tone'

test.beforeAll(async ({ circle }) => {
  const folder = await mkdtemp(join(tmpdir(), 'circle-tones-'))
  for (const [title, seconds] of [[MINUTES, 180], [HOUR, 3600]] as const) {
    const file = await writeTone(folder, `${seconds}.wav`, seconds)
    expect(await circle.run('episode', 'add', file, '--title', title, '--plan', 'pro')).toContain(title)
  }
  const chapters = join(folder, 'chapters.txt')
  await writeFile(chapters, '0:00 Beginning\n20:00 The second third\n40:00 The end of it\n')
  const number = /^\s*(\d+)\s+An hour/m.exec(await circle.run('episode', 'list'))?.[1] ?? ''
  await circle.run('episode', 'edit', number, '--chapters', chapters)
  await rm(folder, { recursive: true })
})

test('the player goes on playing while pages come and go', async ({ page, circle }) => {
  await joinPro(page, circle)
  const player = new Player(page)
  await page.goto('/episodes')
  await player.start(HOUR)
  await player.sounds()
  await page.locator('audio').evaluate((audio) => Object.assign(audio, { same: true }))
  for (const name of ['Pricing', 'Account', 'Episodes']) {
    await page.getByRole('banner').getByRole('link', { name }).click()
    await player.sounds()
  }
  await player.bar.getByRole('link', { name: HOUR }).click()
  await expect(page.getByRole('heading', { level: 1, name: HOUR })).toBeVisible()
  await player.sounds()
  await page.goBack()
  await expect(page.getByRole('heading', { level: 1, name: 'Episodes' })).toBeVisible()
  expect(await page.locator('audio').evaluate((audio) => 'same' in audio), 'it is one and the same element').toBe(true)
  await player.sounds()
  await audit(page, 'player')
})

test('each episode goes on where it was left, also after a reload', async ({ page, circle }) => {
  await joinPro(page, circle)
  const player = new Player(page)
  await page.goto('/episodes')
  for (const [title, second] of [[HOUR, 600], [MINUTES, 90]] as const) {
    await player.start(title)
    await player.sounds()
    await player.moveTo(second)
    await expect.poll(() => player.position()).toBeGreaterThan(second)
    await player.pause()
    await expect(player.slider).toHaveAttribute('aria-valuetext', new RegExp(`^${second / 60 | 0}:`))
  }
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Continue listening' })).toBeVisible()
  await audit(page, 'episodes-begun')
  for (const [title, second] of [[HOUR, 600], [MINUTES, 90]] as const) {
    await player.start(title)
    await player.sounds()
    expect(await player.position()).toBeGreaterThanOrEqual(second)
    expect(await player.position()).toBeLessThan(second + 60)
  }
})

test('a chapter plays from its start, and one of a locked episode is only named', async ({ page, circle }) => {
  await page.goto('/episodes')
  await page.getByRole('link', { name: HOUR }).first().click()
  const chapters = page.getByRole('region', { name: 'Chapters' })
  await expect(chapters.getByRole('listitem')).toHaveText(['0:00Beginning', '20:00The second third', '40:00The end of it'])
  await expect(chapters.getByRole('button')).toHaveCount(0)
  await joinPro(page, circle)
  const player = new Player(page)
  await page.goto('/episodes')
  await page.getByRole('link', { name: HOUR }).first().click()
  await chapters.getByRole('button', { name: 'The second third' }).click()
  await player.sounds()
  const position = await player.position()
  expect(position).toBeGreaterThanOrEqual(1200)
  expect(position).toBeLessThan(1260)
  await audit(page, 'episode-chapters')
})

test('speed, skips, keys and the controls of the system move the sound', async ({ page, circle }) => {
  await page.addInitScript(() => {
    const handlers = new Map<string, MediaSessionActionHandler>()
    navigator.mediaSession.setActionHandler = (action, handler) => {
      if (handler) handlers.set(action, handler)
      else handlers.delete(action)
    }
    Object.assign(window, { system: handlers })
  })
  /** Presses a button of the system, such as the one on headphones. */
  const system = (action: MediaSessionAction, seekTime?: number) =>
    page.evaluate(
      (details) => {
        const { system } = window as unknown as { system: Map<string, MediaSessionActionHandler> }
        system.get(details.action)?.(details)
      },
      seekTime === undefined ? { action } : { action, seekTime },
    )
  await joinPro(page, circle)
  const player = new Player(page)
  await page.goto('/episodes')
  await player.start(HOUR)
  await player.sounds()

  await test.step('speed, kept for the next episode', async () => {
    const speed = player.bar.getByRole('combobox', { name: 'Speed' })
    await expect(speed.getByRole('option')).toHaveText(['0.8x', '1x', '1.2x', '1.5x', '1.75x', '2x'])
    await speed.selectOption('2x')
    expect(await player.read((audio) => audio.playbackRate)).toBe(2)
    await player.start(MINUTES)
    await player.sounds()
    expect(await player.read((audio) => audio.playbackRate)).toBe(2)
    await speed.selectOption('0.8x')
    expect(await player.read((audio) => audio.playbackRate)).toBe(0.8)
  })

  // Standing still, so that each press is seen alone.
  await player.pause()
  await player.moveTo(60)
  const stands = (second: number) => expect.poll(() => player.position()).toBe(second)
  await stands(60)

  await test.step('the buttons skip 30 seconds ahead and 15 back', async () => {
    await player.bar.getByRole('button', { name: '+30 s, forward' }).click()
    await stands(90)
    await player.bar.getByRole('button', { name: '-15 s, back' }).click()
    await stands(75)
  })

  await test.step('so do the keys, outside of fields', async () => {
    await page.getByRole('heading', { level: 1 }).click()
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    for (const [key, second] of [['l', 105], ['ArrowRight', 135], ['j', 120], ['ArrowLeft', 105]] as const) {
      await page.keyboard.press(key)
      await stands(second)
    }
    await page.keyboard.press('k')
    await player.sounds()
    await page.keyboard.press(' ')
    await expect.poll(() => player.read((audio) => audio.paused)).toBe(true)
    const stood = await player.position()
    await page.getByRole('searchbox').pressSequentially('jkl')
    expect(await player.position(), 'typing is not steering').toBe(stood)
    await page.getByRole('searchbox').fill('')
  })

  await test.step('so does the system, which shows what is heard', async () => {
    const shown = () => page.evaluate(() => [navigator.mediaSession.metadata?.title, navigator.mediaSession.playbackState])
    expect(await shown()).toEqual([MINUTES, 'paused'])
    await system('seekto', 30)
    await stands(30)
    await system('seekforward')
    await stands(60)
    await system('seekbackward')
    await stands(45)
    await system('play')
    await player.sounds()
    await expect.poll(shown).toEqual([MINUTES, 'playing'])
    await system('pause')
    await expect.poll(() => player.read((audio) => audio.paused)).toBe(true)
  })
})

test('what is loaded ahead is shown', async ({ page, circle }) => {
  await joinPro(page, circle)
  const player = new Player(page)
  await page.goto('/episodes')
  await player.start(HOUR)
  await player.sounds()
  const track = () => player.slider.evaluate((slider) => ['--played', '--buffered'].map((name) => parseFloat((slider as HTMLElement).style.getPropertyValue(name))))
  await expect.poll(async () => (await track())[1]).toBeGreaterThan(0)
  await player.moveTo(1800)
  await expect.poll(async () => {
    const [played = 0, buffered = 0] = await track()
    return played === 50 && buffered >= played && buffered < 100
  }).toBe(true)
})

test('access lost while playing stops the sound and says so, and what was loaded is not heard on', async ({
  page,
  circle,
  request,
}) => {
  const { email, subscription } = await joinPro(page, circle)
  const player = new Player(page)
  const { audio_url } = await paidEpisode(request, await bearer(request, email))
  await page.goto('/episodes')
  await player.start(HOUR)
  await player.sounds()
  await circle.stripe('DELETE', `/v1/subscriptions/${subscription}`)
  await expect(player.problem).toHaveText('This episode is not open to you any more.')
  expect(await player.read((audio) => audio.paused)).toBe(true)
  expect((await request.get(audio_url)).status()).toBe(403)
  await expect(page.getByRole('link', { name: `Unlock ${HOUR}` })).toBeVisible()
  await audit(page, 'player-closed')
})

test('a page that hears nothing of lost access is refused the next piece of audio', async ({ page, circle }) => {
  const { subscription, token } = await joinPro(page, circle)
  // As when the stream of events is blocked on the way.
  await page.route('**/api/events', (route) => route.abort())
  const player = new Player(page)
  await page.goto('/episodes')
  await player.start(HOUR)
  await player.sounds()
  await circle.stripe('DELETE', `/v1/subscriptions/${subscription}`)
  const headers = { authorization: `Bearer ${token}` }
  const allowed = async () => ((await (await page.request.get('/api/me', { headers })).json()) as { access: { allowed: boolean } }).access.allowed
  await expect.poll(allowed).toBe(false)
  const refused = page.waitForResponse((response) => response.url().includes('/media/') && response.status() === 403)
  await player.moveTo(3000)
  await refused
  await expect(player.problem).toHaveText('This episode is not open to you any more.')
})
