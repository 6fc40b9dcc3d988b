// The official CLI against a sandbox, without the user's configuration and without the network.

import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KEY } from './circle.js';

const PACKAGED = new URL('../node_modules/@stripe/cli-linux-x64/bin/stripe', import.meta.url).pathname;
/** The one that npm carries for this machine, else the one that is installed. */
const BINARY = existsSync(PACKAGED) ? PACKAGED : 'stripe';

/** `cli.run(...args)` ends with what it printed; `cli.spawn(...args)` goes on running. */
export function stripeCli(base) {
  const configuration = mkdtempSync(join(tmpdir(), 'stripe-cli-'));
  const env = {
    ...process.env,
    STRIPE_API_KEY: KEY,
    XDG_CONFIG_HOME: configuration,
    // It asks the network for a newer release: a closed port makes that fail at once.
    HTTPS_PROXY: 'http://127.0.0.1:1',
    NO_PROXY: '127.0.0.1,localhost',
  };
  const options = ['--api-base', base, '--color', 'off'];
  return {
    run: (...args) =>
      new Promise((resolve, reject) => {
        execFile(BINARY, [...args, ...options], { env, cwd: configuration }, (error, stdout, stderr) => {
          if (error) reject(new Error(`stripe ${args.join(' ')}: ${error.code}\n${stdout}\n${stderr}`));
          else resolve(stdout);
        });
      }),
    spawn: (...args) => spawn(BINARY, [...args, ...options], { env, cwd: configuration }),
    stop: () => rmSync(configuration, { recursive: true, force: true }),
  };
}
