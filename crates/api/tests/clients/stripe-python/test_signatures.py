"""stripe-python verifies what the sandbox signs."""

import http.server
import queue
import threading

import stripe
from circle import SandboxTest

PATIENCE = 20  # Seconds; reached only when the test fails.


class Signatures(SandboxTest):
    def test_a_delivery_is_believed_and_a_changed_one_is_not(self):
        deliveries = queue.Queue()

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                deliveries.put((body, self.headers["Stripe-Signature"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}/hooks"
        endpoint = self.stripe.v1.webhook_endpoints.create({"url": url, "enabled_events": ["product.created"]})
        product = self.stripe.v1.products.create({"name": "Früh & spät"})
        body, header = deliveries.get(timeout=PATIENCE)
        event = stripe.Webhook.construct_event(body, header, endpoint.secret)
        self.assertEqual(event.type, "product.created")
        self.assertEqual(event.data.object.id, product.id)
        for wrong_body, wrong_secret in [(body + b" ", endpoint.secret), (body, "whsec_other")]:
            with self.assertRaises(stripe.SignatureVerificationError):
                stripe.Webhook.construct_event(wrong_body, header, wrong_secret)
