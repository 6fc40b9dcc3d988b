"""stripe-python through the sandbox's resources."""

import json
import time
import urllib.request

from circle import SandboxTest


def ids(page):
    return [item.id for item in page.data]


class Resources(SandboxTest):
    def price(self, amount=1000, **more):
        return self.stripe.v1.prices.create(
            {
                "currency": "usd",
                "unit_amount": amount,
                "recurring": {"interval": "month"},
                "product_data": {"name": f"Plan of {amount}"},
                **more,
            }
        )

    def payer(self, method="pm_card_visa"):
        return self.stripe.v1.customers.create(
            {
                "email": "ann@example.com",
                "payment_method": method,
                "invoice_settings": {"default_payment_method": method},
            }
        )

    def subscription(self, **more):
        items = [{"price": self.price().id, "quantity": 2}]
        return self.stripe.v1.subscriptions.create({"customer": self.payer().id, "items": items, **more})

    def advance(self, by):
        body = json.dumps({"by": by}).encode()
        urllib.request.urlopen(f"{self.base}/_sandbox/clock/advance", body).close()

    def test_catalog(self):
        products, prices = self.stripe.v1.products, self.stripe.v1.prices
        product = products.create({"name": "Pro", "metadata": {"plan": "pro"}, "images": ["https://example.com/a.png"]})
        product = products.update(product.id, {"description": "All of it", "metadata": {"plan": "", "tier": "2"}})
        self.assertEqual(product.metadata.to_dict(), {"tier": "2"})
        self.assertIn(product.id, ids(products.list({"active": True, "limit": 100})))
        self.assertEqual(ids(products.search({"query": "metadata['tier']:'2'"})), [product.id])
        price = prices.create(
            {"currency": "eur", "unit_amount": 500, "product": product.id, "recurring": {"interval": "year"}, "lookup_key": "a"}
        )
        self.assertEqual(ids(prices.list({"lookup_keys": ["a", "b"]})), [price.id])
        moved = prices.create(
            {"currency": "eur", "unit_amount": 600, "product": product.id, "lookup_key": "a", "transfer_lookup_key": True}
        )
        self.assertIsNone(prices.retrieve(price.id).lookup_key)
        self.assertEqual(prices.update(moved.id, {"active": False}).active, False)
        empty = products.create({"name": "Empty"})
        self.assertTrue(products.delete(empty.id).deleted)

    def test_customers_and_pages(self):
        customers = self.stripe.v1.customers
        made = [customers.create({"email": "many@example.com"}).id for _ in range(5)]
        walked = [c.id for c in customers.list({"email": "many@example.com", "limit": 2}).auto_paging_iter()]
        self.assertEqual(walked, made[::-1])
        self.assertEqual(customers.update(made[0], {"name": "Ann", "address": {"country": "DE"}}).address.country, "DE")
        self.assertTrue(customers.delete(made[0]).deleted)
        self.assertTrue(customers.retrieve(made[0]).deleted)

    def test_payment_methods_and_intents(self):
        customer = self.stripe.v1.customers.create({})
        methods = self.stripe.v1.payment_methods
        method = methods.create({"type": "card", "card": {"token": "tok_visa"}})
        methods.attach(method.id, {"customer": customer.id})
        self.assertEqual(ids(methods.list({"customer": customer.id})), [method.id])
        intent = self.stripe.v1.payment_intents.create(
            {
                "amount": 700,
                "currency": "usd",
                "customer": customer.id,
                "payment_method": method.id,
                "confirm": True,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            }
        )
        self.assertEqual(intent.status, "succeeded")
        self.assertEqual(self.stripe.v1.charges.retrieve(intent.latest_charge).amount, 700)
        self.assertIsNone(methods.detach(method.id).customer)
        setup = self.stripe.v1.setup_intents.create({"customer": customer.id, "payment_method": "pm_card_visa", "confirm": True})
        self.assertEqual(setup.status, "succeeded")

    def test_subscriptions(self):
        subscriptions = self.stripe.v1.subscriptions
        made = self.subscription(expand=["latest_invoice.payments", "items.data.price.product"])
        self.assertEqual((made.status, made.latest_invoice.amount_paid), ("active", 2000))
        item = made["items"].data[0]
        self.assertEqual(item.price.product.name, "Plan of 1000")
        changed = subscriptions.update(made.id, {"items": [{"id": item.id, "price": self.price(3000).id}]})
        self.assertEqual(changed["items"].data[0].price.unit_amount, 3000)
        self.assertIsNotNone(subscriptions.update(made.id, {"cancel_at_period_end": True}).cancel_at)
        self.assertEqual(ids(subscriptions.list({"customer": made.customer})), [made.id])
        self.advance("1month")
        self.assertEqual(subscriptions.retrieve(made.id).status, "canceled")
        kept = self.subscription(trial_period_days=3)
        self.assertEqual(kept.status, "trialing")
        gone = subscriptions.cancel(kept.id, {"cancellation_details": {"comment": "bye"}})
        self.assertEqual((gone.status, gone.cancellation_details.comment), ("canceled", "bye"))

    def test_invoices(self):
        customer = self.payer()
        self.stripe.v1.invoice_items.create({"customer": customer.id, "amount": 900, "currency": "usd"})
        invoices = self.stripe.v1.invoices
        draft = invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})
        self.assertEqual((draft.status, draft.amount_due), ("draft", 900))
        self.assertEqual(invoices.finalize_invoice(draft.id).status, "open")
        paid = invoices.pay(draft.id)
        self.assertEqual((paid.status, paid.amount_remaining), ("paid", 0))
        made = self.subscription()
        preview = invoices.create_preview({"subscription": made.id})
        self.assertEqual(preview.lines.data[0].parent.type, "subscription_item_details")

    def test_checkout_portal_and_events(self):
        price = self.price(900)
        customer = self.stripe.v1.customers.create({"email": "ann@example.com"})
        sessions = self.stripe.v1.checkout.sessions
        session = sessions.create(
            {
                "mode": "subscription",
                "customer": customer.id,
                "line_items": [{"price": price.id, "quantity": 1}],
                "success_url": "https://example.com/return",
            }
        )
        self.assertEqual(sessions.line_items.list(session.id).data[0].amount_total, 900)
        self.assertEqual(sessions.expire(session.id).status, "expired")
        configurations = self.stripe.v1.billing_portal.configurations
        configuration = configurations.create({"features": {"invoice_history": {"enabled": True}}})
        portal = self.stripe.v1.billing_portal.sessions.create(
            {"customer": customer.id, "configuration": configuration.id, "return_url": "https://example.com/account"}
        )
        self.assertTrue(portal.url.startswith(self.base))
        events = self.stripe.v1.events.list({"type": "checkout.session.expired"})
        self.assertEqual(events.data[0].data.object.id, session.id)
        self.assertEqual(self.stripe.v1.events.retrieve(events.data[0].id).type, "checkout.session.expired")

    def test_schedules_and_test_clocks(self):
        schedules, clocks = self.stripe.v1.subscription_schedules, self.stripe.v1.test_helpers.test_clocks
        start = 1_830_297_600
        clock = clocks.create({"frozen_time": start, "name": "phases"})
        customer = self.stripe.v1.customers.create(
            {
                "test_clock": clock.id,
                "payment_method": "pm_card_visa",
                "invoice_settings": {"default_payment_method": "pm_card_visa"},
            }
        )
        phases = [{"items": [{"price": self.price(amount).id}], "duration": {"interval": "month"}} for amount in (1000, 3000)]
        schedule = schedules.create({"customer": customer.id, "start_date": start, "phases": phases})
        self.assertEqual((schedule.status, len(schedule.phases)), ("active", 2))
        clocks.advance(clock.id, {"frozen_time": schedule.phases[1].start_date + 86_400})
        while clocks.retrieve(clock.id).status != "ready":
            time.sleep(0.02)
        invoices = self.stripe.v1.invoices.list({"customer": customer.id})
        self.assertEqual([invoice.amount_paid for invoice in invoices.data], [3000, 1000])
        self.assertEqual(schedules.release(schedule.id).released_subscription, schedule.subscription)
        self.assertTrue(clocks.delete(clock.id).deleted)

    def test_disputes_refunds_and_sources(self):
        customer = self.stripe.v1.customers.create({"source": "tok_visa"})
        source = self.stripe.v1.customers.payment_sources.create(customer.id, {"source": "tok_mastercard"})
        self.assertEqual(len(self.stripe.v1.customers.payment_sources.list(customer.id).data), 2)
        self.assertTrue(self.stripe.v1.customers.payment_sources.delete(customer.id, source.id).deleted)

        def pay(method):
            form = {"amount": 1000, "currency": "usd", "payment_method": method, "confirm": True}
            return self.stripe.v1.payment_intents.create({**form, "payment_method_types": ["card"]}, {"stripe_version": "2026-08-26.dahlia"})

        paid = pay("pm_card_visa")
        refund = self.stripe.v1.refunds.create({"payment_intent": paid.id, "amount": 400})
        self.assertEqual((refund.status, refund.amount), ("succeeded", 400))
        self.assertEqual(self.stripe.v1.charges.retrieve(paid.latest_charge).amount_refunded, 400)
        disputed = pay("pm_card_createDispute")
        [dispute] = self.stripe.v1.disputes.list({"payment_intent": disputed.id}).data
        self.assertEqual(self.stripe.v1.disputes.close(dispute.id).status, "lost")

    def test_coupons_and_promotion_codes(self):
        coupon = self.stripe.v1.coupons.create({"percent_off": 25, "duration": "repeating", "duration_in_months": 3})
        code = self.stripe.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"})
        self.assertEqual(ids(self.stripe.v1.promotion_codes.list({"code": "spring"})), [code.id])
        subscription = self.subscription(discounts=[{"promotion_code": code.id}], expand=["discounts", "latest_invoice"])
        self.assertEqual(subscription.discounts[0].source.coupon, coupon.id)
        self.assertEqual(subscription.latest_invoice.total, 1500)
        self.assertEqual(self.stripe.v1.coupons.retrieve(coupon.id).times_redeemed, 1)
        self.assertTrue(self.stripe.v1.coupons.delete(coupon.id).deleted)
