// The player bar, and audio long enough that a browser does not have all of it at once.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Locator, type Page } from '@playwright/test'
import { expect } from './test.ts'

const SAMPLES_A_SECOND = 8_000
const HEADER_BYTES = 44

/** Writes a WAV file of a quiet tone: mono, 8 bits a sample. Returns its path. */
export async function writeTone(folder: string, name: string, seconds: number): Promise<string> {
  const samples = seconds * SAMPLES_A_SECOND
  const wav = Buffer.alloc(HEADER_BYTES + samples)
  wav.write('RIFF', 0)
  wav.writeUInt32LE(wav.length - 8, 4)
  wav.write('WAVEfmt ', 8)
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20) // PCM
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(SAMPLES_A_SECOND, 24)
  wav.writeUInt32LE(SAMPLES_A_SECOND, 28)
  wav.writeUInt16LE(1, 32)
  wav.writeUInt16LE(8, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(samples, 40)
  const wave = Buffer.from(Array.from({ length: 16 }, (_, step) => 128 + Math.round(8 * Math.sin((step * Math.PI) / 8))))
  wav.fill(wave, HEADER_BYTES)
  const path = join(folder, name)
  await writeFile(path, wav)
  return path
}

/** The bar at the bottom of the page. */
export class Player {
  constructor(private readonly page: Page) {}

  get bar(): Locator {
    return this.page.getByRole('region', { name: 'Player' })
  }

  get problem(): Locator {
    return this.bar.getByRole('status')
  }

  get slider(): Locator {
    return this.bar.getByRole('slider', { name: 'Position' })
  }

  /** Starts an episode of the list. */
  async start(title: string): Promise<void> {
    await this.page.getByRole('main').getByRole('button', { name: `Play ${title}` }).first().click()
    await expect(this.bar).toBeVisible()
  }

  /** Waits until it is heard to move. */
  async sounds(): Promise<void> {
    const from = await this.position()
    await expect.poll(() => this.position()).toBeGreaterThan(from)
  }

  async pause(): Promise<void> {
    await this.bar.getByRole('button', { name: /^Pause/ }).click()
    await expect.poll(() => this.read((audio) => audio.paused)).toBe(true)
  }

  /** Moves to a second by the slider. */
  async moveTo(second: number): Promise<void> {
    await this.slider.fill(String(second))
  }

  /** Where it is, in seconds. */
  position(): Promise<number> {
    return this.read((audio) => audio.currentTime)
  }

  read<Answer>(property: (audio: HTMLAudioElement) => Answer): Promise<Answer> {
    return this.page.locator('audio').evaluate(property as (audio: Element) => Answer)
  }
}
