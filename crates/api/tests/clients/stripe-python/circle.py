"""Starts `circle sandbox` on a free port, and stripe-python against it."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

import stripe

KEY = "sk_test_official_clients"
BINARY = os.environ["CIRCLE_BIN"]


class SandboxTest(unittest.TestCase):
    """Tests with a sandbox of their own."""

    @classmethod
    def setUpClass(cls):
        cls.data = tempfile.mkdtemp(prefix="circle-")
        cls.sandbox = subprocess.Popen(
            [BINARY, "sandbox", "--addr", "127.0.0.1:0", "--data", cls.data],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "RUST_LOG": "error"},
        )
        cls.base = re.search(r"http://\S+", cls.sandbox.stdout.readline()).group()
        cls.stripe = cls.client(KEY)

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.terminate()
        cls.sandbox.wait()
        cls.sandbox.stdout.close()
        shutil.rmtree(cls.data, ignore_errors=True)

    @classmethod
    def client(cls, key, **options):
        """A client that never tries again, so that each refusal is seen once."""
        return stripe.StripeClient(
            key, base_addresses={"api": cls.base}, max_network_retries=0, http_client=stripe.RequestsClient(), **options
        )
