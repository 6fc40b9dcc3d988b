"""Starts the whole product on free ports with data of its own, and uses it as a listener and as the operator."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

BINARY = os.environ["CIRCLE_BIN"]
PASSWORD = "a long enough password"
# How long a test waits for something that must come, in seconds; reached only when it fails.
PATIENCE = 30


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


def ask(url, method="GET", data=None, token=None, headers=None):
    """An answer, whatever its status. `data` is sent as JSON."""
    request = urllib.request.Request(url, method=method, headers=dict(headers or {}))
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if data is not None:
        request.data = json.dumps(data).encode()
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request) as response:
            return Answer(response)
    except urllib.error.HTTPError as error:
        return Answer(error)


def eventually(look, what):
    """What `look` finds, once it finds something."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come")
        time.sleep(0.05)


class ProductTest(unittest.TestCase):
    """Tests with a product of their own; `SETTINGS` are environment variables of `circle serve`."""

    SETTINGS = {}

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="circle-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "RUST_LOG": "error",
            "DATA_DIR": self.folder,
            "LISTEN_ADDR": "127.0.0.1:0",
            "SANDBOX_ADDR": "127.0.0.1:0",
            "RATE_LIMITS": "off",
            **self.SETTINGS,
        }
        self.server = subprocess.Popen([BINARY, "serve"], stdout=subprocess.PIPE, text=True, env=self.environment)
        self.addCleanup(self.stop)
        for line in self.server.stdout:
            found = re.match(r"(Inner Circle|Stripe|Sandbox)\s+.*?(http://[^\s/]+)", line)
            if found and found[1] == "Inner Circle":
                self.site = found[2]
                break

    def stop(self):
        self.server.kill()
        self.server.wait()
        self.server.stdout.close()

    def circle(self, *command):
        """What a command of the operator's prints."""
        done = subprocess.run([BINARY, *command], env=self.environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def register(self, email):
        """A new listener's token."""
        answer = ask(f"{self.site}/api/auth/register", "POST", {"email": email, "password": PASSWORD})
        self.assertEqual(answer.status, 201)
        return answer.json()["token"]
