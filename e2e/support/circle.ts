// Starts the real `circle` program, with its embedded Stripe sandbox, on free ports and a data folder of its own.

import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const REPOSITORY = resolve(import.meta.dirname, '../..')
const BINARY = process.env.CIRCLE_BIN ?? join(REPOSITORY, 'target/debug/circle')
const START_SECONDS = 30
const STOP_SECONDS = 15

/** A mail as the sandbox's mailbox has it. */
export interface Mail {
  subject: string
  text: string
  html: string
}

/** The address that a mail leads to. */
export function linkIn(mail: Mail): string {
  const link = /^http\S+$/m.exec(mail.text)
  if (!link) throw new Error(`no link in ${mail.text}`)
  return link[0]
}

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

  /** Starts one whose Checkout takes these ways to pay, in Stripe's words; cards when none are named. */
  static async start(payments: string[] = []): Promise<Circle> {
    if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: run scripts/test, or cargo build -p api first`)
    const folder = await mkdtemp(join(tmpdir(), 'circle-e2e-'))
    const log = join(folder, 'log')
    const catalog = join(folder, 'catalog.toml')
    const text = await readFile(join(REPOSITORY, 'catalog.toml'), 'utf8')
    await writeFile(catalog, text.replace('payment_methods = []', `payment_methods = ${JSON.stringify(payments)}`))
    const [port, sandboxPort] = await freePorts(2)
    // Two host names, so that the browser takes the site and the sandbox for different sites.
    const [url, sandboxUrl] = [`http://localhost:${port}`, `http://127.0.0.1:${sandboxPort}`]
    const environment = {
      PATH: process.env.PATH,
      LISTEN_ADDR: `127.0.0.1:${port}`,
      PUBLIC_URL: url,
      SANDBOX_ADDR: `127.0.0.1:${sandboxPort}`,
      DATA_DIR: join(folder, 'data'),
      CATALOG: catalog,
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
    await this.control('clock/advance', { by })
  }

  /** The sandbox's time in Unix seconds, which other tests on this server may have moved. */
  async now(): Promise<number> {
    const { now } = (await (await fetch(`${this.sandboxUrl}/_sandbox/clock`)).json()) as { now: number }
    return now
  }

  /** From now on Stripe fails by these rules of docs/sandbox.md; none of them ends it. */
  async faults(...rules: object[]): Promise<void> {
    await this.control('faults', { seed: 1, rules })
  }

  /** What Stripe does with a subscription whose last try to charge it failed. */
  async afterLastRetry(choice: 'cancel' | 'unpaid'): Promise<void> {
    await this.control('billing', { after_last_retry: choice })
  }

  /** Runs a command of the operator's on this server's data, and returns what it prints. */
  async run(...command: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(BINARY, command, { cwd: this.folder, env: this.environment })
    return stdout
  }

  /** Makes every mailed link as old as no link may be: they go by the machine's clock, which stands still for nobody. */
  async expireLinks(): Promise<void> {
    const database = join(this.folder, 'data', 'circle.db')
    const statement = 'PRAGMA busy_timeout = 5000; UPDATE mailed_tokens SET expires_at = 1'
    await promisify(execFile)('sqlite3', [database, statement])
  }

  /** What was mailed to somebody, newest first. */
  async mails(to: string): Promise<Mail[]> {
    const answer = await fetch(`${this.sandboxUrl}/_sandbox/mailbox.json?to=${encodeURIComponent(to)}`)
    return ((await answer.json()) as { data: Mail[] }).data
  }

  /** The newest mail to `to` with such a subject, once it came. */
  async mail(to: string, subject: RegExp): Promise<Mail> {
    const deadline = Date.now() + START_SECONDS * 1000
    for (;;) {
      const mails = await this.mails(to)
      const mail = mails.find((mail) => subject.test(mail.subject))
      if (mail) return mail
      if (Date.now() > deadline) throw new Error(`only ${mails.map((mail) => mail.subject).join(', ')} to ${to}`)
      await delay(100)
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

  private async control(path: string, settings: object): Promise<void> {
    const body = JSON.stringify(settings)
    const response = await fetch(`${this.sandboxUrl}/_sandbox/${path}`, { method: 'POST', body })
    if (!response.ok) throw new Error(`${path} ${body}: ${response.status} ${await response.text()}`)
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
