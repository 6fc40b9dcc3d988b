// Starts the real `circle` program, with its embedded Stripe sandbox, on free ports and a data folder of its own.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const REPOSITORY = resolve(import.meta.dirname, '../..')
const BINARY = process.env.CIRCLE_BIN ?? join(REPOSITORY, 'target/debug/circle')
const START_SECONDS = 30
const STOP_SECONDS = 15

/** A running server. */
export class Circle {
  private constructor(
    /** Where browsers reach the site, without a slash at the end. */
    readonly url: string,
    /** Where the Stripe sandbox answers, API and hosted pages alike. */
    readonly sandboxUrl: string,
    /** The server's log, for failures. */
    readonly log: string,
    private readonly folder: string,
    private readonly environment: NodeJS.ProcessEnv,
    private child: ChildProcess,
  ) {}

  static async start(): Promise<Circle> {
    if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: run scripts/test, or cargo build -p api first`)
    const folder = await mkdtemp(join(tmpdir(), 'circle-e2e-'))
    const log = join(folder, 'log')
    const [port, sandboxPort] = await freePorts(2)
    // Two host names, so that the browser takes the site and the sandbox for different sites.
    const [url, sandboxUrl] = [`http://localhost:${port}`, `http://127.0.0.1:${sandboxPort}`]
    const environment = {
      PATH: process.env.PATH,
      LISTEN_ADDR: `127.0.0.1:${port}`,
      PUBLIC_URL: url,
      SANDBOX_ADDR: `127.0.0.1:${sandboxPort}`,
      DATA_DIR: join(folder, 'data'),
      CATALOG: join(REPOSITORY, 'catalog.toml'),
      RATE_LIMITS: 'off',
      RUST_BACKTRACE: '1',
    }
    const circle = new Circle(url, sandboxUrl, log, folder, environment, await serve(folder, log, environment))
    await circle.untilPlansAreOnSale()
    return circle
  }

  /** Asks Stripe's API as the operator could, and returns the answer. Any test key opens the sandbox. */
  async stripe<Answer>(method: 'GET' | 'POST' | 'DELETE', path: string, form?: Record<string, string>): Promise<Answer> {
    const response = await fetch(this.sandboxUrl + path, {
      method,
      headers: { authorization: 'Bearer sk_test_browser_tests' },
      body: form && new URLSearchParams(form),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Answer
  }

  /** Moves the sandbox's clock, and with it billing time; ends once all that became due is done. */
  async advance(by: string): Promise<void> {
    const response = await fetch(`${this.sandboxUrl}/_sandbox/clock/advance`, {
      method: 'POST',
      body: JSON.stringify({ by }),
    })
    if (!response.ok) throw new Error(`advance ${by}: ${response.status} ${await response.text()}`)
  }

  /** The newest address of this form that was mailed to `to`. */
  async mailedLink(to: string, form: RegExp): Promise<string> {
    const deadline = Date.now() + START_SECONDS * 1000
    for (;;) {
      const mails = await (await fetch(`${this.sandboxUrl}/_sandbox/mailbox.json?to=${encodeURIComponent(to)}`)).text()
      const link = form.exec(mails.replaceAll('\\n', '\n').replaceAll('\\r', '\r'))
      if (link) return this.url + link[0].replace(/\\.*$/, '')
      if (Date.now() > deadline) throw new Error(`no such link in ${mails}`)
      await delay(200)
    }
  }

  /** Stops it and starts it again on the same ports and data. */
  async restart(): Promise<void> {
    await this.endProcess()
    this.child = await serve(this.folder, this.log, this.environment)
    await this.untilPlansAreOnSale()
  }

  /** Stops it and removes its data. */
  async stop(): Promise<void> {
    await this.endProcess()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Asks it to stop, as Ctrl-C does, and waits until it has. */
  private async endProcess(): Promise<void> {
    if (this.child.exitCode !== null) return
    const ended = once(this.child, 'exit')
    this.child.kill('SIGINT')
    const late = delay(STOP_SECONDS * 1000, 'late', { ref: false })
    if ((await Promise.race([ended, late])) === 'late') {
      this.child.kill('SIGKILL')
      throw new Error(`the server did not stop within ${STOP_SECONDS} s; its log: ${this.log}`)
    }
  }

  private async untilPlansAreOnSale(): Promise<void> {
    const deadline = Date.now() + START_SECONDS * 1000
    for (;;) {
      if (this.child.exitCode !== null) throw new Error(`the server ended with ${this.child.exitCode}: ${this.log}`)
      if (Date.now() > deadline) throw new Error(`no plans on sale after ${START_SECONDS} s: ${this.log}`)
      const answer = await fetch(`${this.url}/api/plans`).then(
        (response) => (response.ok ? (response.json() as Promise<{ plans: { prices: unknown[] }[] }>) : undefined),
        () => undefined,
      )
      if (answer?.plans.some((plan) => plan.prices.length > 0)) return
      await delay(100)
    }
  }
}

async function serve(folder: string, log: string, environment: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const output = await open(log, 'a')
  // Not in the repository: a developer's .env there is none of the tests' business.
  const child = spawn(BINARY, ['serve'], { cwd: folder, env: environment, stdio: ['ignore', output.fd, output.fd] })
  await once(child, 'spawn')
  await output.close()
  return child
}

/** Ports that nothing listens on, held together until all are known so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
