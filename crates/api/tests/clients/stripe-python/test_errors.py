"""What stripe-python makes of the sandbox's refusals."""

import json
import urllib.request

import stripe
from circle import KEY, SandboxTest


class Errors(SandboxTest):
    def refusal(self, kind, call, *arguments, **options):
        with self.assertRaises(kind) as caught:
            call(*arguments, **options)
        return caught.exception

    def test_keys(self):
        live = self.client("sk_live_of_somebody_else")
        error = self.refusal(stripe.AuthenticationError, live.v1.customers.list)
        self.assertEqual(error.http_status, 401)
        publishable = self.client("pk_test_123")
        error = self.refusal(stripe.PermissionError, publishable.v1.customers.list)
        self.assertEqual(error.http_status, 403)
        self.assertEqual(error.json_body["error"]["code"], "secret_key_required")

    def test_parameters(self):
        error = self.refusal(stripe.InvalidRequestError, self.stripe.v1.customers.create, {"emial": "a@example.com"})
        self.assertEqual((error.code, error.param), ("parameter_unknown", "emial"))
        self.assertTrue(error.request_id.startswith("req_"))
        error = self.refusal(stripe.InvalidRequestError, self.stripe.v1.products.create, {})
        self.assertEqual((error.code, error.param), ("parameter_missing", "name"))
        error = self.refusal(stripe.InvalidRequestError, self.stripe.v1.customers.list, {"limit": 101})
        self.assertEqual((error.http_status, error.param), (400, "limit"))

    def test_what_is_not_there(self):
        error = self.refusal(stripe.InvalidRequestError, self.stripe.v1.prices.retrieve, "price_none")
        self.assertEqual((error.http_status, error.code), (404, "resource_missing"))
        error = self.refusal(stripe.InvalidRequestError, self.stripe.v1.invoices.create, {"customer": "cus_none"})
        self.assertEqual((error.http_status, error.code, error.param), (400, "resource_missing", "customer"))

    def test_cards(self):
        customer = self.stripe.v1.customers.create({})
        attach = self.stripe.v1.payment_methods.attach
        for method, code, decline_code in [
            ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
            ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
            ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
            ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ]:
            error = self.refusal(stripe.CardError, attach, method, {"customer": customer.id})
            self.assertEqual((error.http_status, error.code), (402, code), method)
            if decline_code:
                self.assertEqual(error.error.decline_code, decline_code)

    def test_idempotency(self):
        options = {"idempotency_key": "one"}
        first = self.stripe.v1.customers.create({"name": "a"}, options)
        self.assertEqual(self.stripe.v1.customers.create({"name": "a"}, options).id, first.id)
        error = self.refusal(stripe.IdempotencyError, self.stripe.v1.customers.create, {"name": "b"}, options)
        self.assertEqual(error.http_status, 400)

    def control(self, path, settings=None):
        method = "DELETE" if settings is None else "POST"
        body = None if settings is None else json.dumps(settings).encode()
        urllib.request.urlopen(urllib.request.Request(f"{self.base}/_sandbox/{path}", body, method=method)).close()

    def test_restricted_keys_and_limits(self):
        self.addCleanup(self.control, "protocol", {})
        self.control("protocol", {"restricted_keys": {"rk_test_reader": ["rak_customer_read"]}})
        reader = self.client("rk_test_reader")
        reader.v1.customers.list()
        error = self.refusal(stripe.PermissionError, reader.v1.customers.create, {})
        self.assertIn("'rak_customer_write'", error.user_message)
        self.control("protocol", {"rate_limit": 0})
        error = self.refusal(stripe.RateLimitError, self.stripe.v1.customers.list)
        # The library leaves the code of this one in the body.
        self.assertEqual((error.http_status, error.json_body["error"]["code"]), (429, "rate_limit"))

    def test_when_stripe_is_in_trouble(self):
        self.addCleanup(self.control, "faults")
        for rule, kind in [
            ({"kind": "error", "status": 500}, stripe.APIError),
            ({"kind": "error", "status": 409}, stripe.APIError),
            ({"kind": "reset"}, stripe.APIConnectionError),
        ]:
            self.control("faults", {"rules": [{"on": "api", **rule}]})
            self.refusal(kind, self.stripe.v1.customers.create, {})
