"""Listeners, their tokens, and the events that Stripe would send of them."""

import base64
import contextlib
import hashlib
import hmac
import json
import sqlite3
import subprocess
import time

from machine import Database

SECRET_KEY = "bench-secret-key-of-no-worth-000"
WEBHOOK_SECRET = "whsec_bench"
PASSWORD = "correct horse battery staple"
ARGON2 = "$argon2id$v=19$m=19456,t=2,p=1$q26NVbYQD8fCz24jDIAVlA$GQ4bDSq038zJyKnKLzb7RCUToyMgGOYf0qvsRP6kDWE"
BCRYPT = "$2b$12$PySTM3pBrELVRgqlhC6MqObQWiENci5Hm1/yuOIpFSN5qkV7HQFeS"
FIRST = 1_000_000  # ids count from here, so that all are as long
FAR = 1_900_000_000
EPISODES = 20
# What the history of access says of a listener before and since the first payment; the subscription's number follows.
OUT = '{"allowed":false,"plan":null,"reason":"no_subscription","until":null,"subscription":null}'
IN = '{"allowed":true,"plan":"pro","reason":"active","until":null,"subscription":"sub_'


def sign(key, message):
    return hmac.digest(key, message, "sha256")


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def derived(purpose):
    """The product's key for a purpose; see crates/api/src/keys.rs."""
    return sign(SECRET_KEY.encode(), b"inner-circle/1/" + purpose.encode())


def token(key, claims):
    body = encoded(b'{"typ":"JWT","alg":"HS256"}') + "." + encoded(json.dumps(claims).encode())
    return body + "." + encoded(sign(key, body.encode()))


def circle_token(user):
    now = int(time.time())
    claims = {"sub": f"usr_{FIRST + user}", "sid": f"ses_{FIRST + user}", "iat": now, "exp": now + 900}
    return token(derived("access-token"), claims)


def express_token(user):
    now = int(time.time())
    return token(SECRET_KEY.encode(), {"sub": f"usr_{FIRST + user}", "iat": now, "exp": now + 900})


def feed_token(user):
    return encoded(sign(derived("feed"), f"usr_{FIRST + user}\n1".encode()))


# --- Rows ------------------------------------------------------------------------------------------------------------

def run_sql(url, text):
    """Runs statements on a SQLite file or a PostgreSQL database."""
    if url.startswith("postgres"):
        subprocess.run(["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--dbname", url], check=True,
                       input=text.encode(), stdout=subprocess.DEVNULL)
    else:
        connection = sqlite3.connect(url, timeout=30)
        # The server turns WAL on again. Millions of rows through a log, or a small cache, would take an hour.
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000;"
                                 "PRAGMA temp_store = MEMORY; BEGIN;" + text + ";COMMIT;")
        connection.close()


def numbers(url, last, first=1):
    """`FROM numbers` yields i from `first` to `last`."""
    if url.startswith("postgres"):
        return f"generate_series({first}::bigint, {last}) AS numbers (i)"
    return (f"(WITH RECURSIVE numbers (i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM numbers WHERE i < {last}) "
            "SELECT i FROM numbers)")


def fill_circle(url, users, feeds):
    """Listeners with a session and a subscription each; the listeners in `feeds` have a feed; 20 episodes."""
    now = int(time.time())
    start = now - 30 * 86400
    digests = ",".join(
        f"('{hashlib.sha256(feed_token(user).encode()).hexdigest()}', 'usr_{FIRST + user}', 1, {now})" for user in feeds)
    more = "".join(f"""
        UPDATE kept SET id = 'ep_bench_{i}', number = 1000 + {i}, guid = 'bench-{i}', published_at = published_at - 1;
        INSERT INTO episodes SELECT * FROM kept WHERE (SELECT COUNT(*) FROM episodes) < {EPISODES};"""
                   for i in range(1, EPISODES + 1))
    run_sql(url, f"""
        INSERT INTO users (id, email, email_verified, password_digest, stripe_customer_id, subscription_id,
            subscription_status, plan, access_until, created_at, updated_at)
        SELECT 'usr_' || ({FIRST} + i), 'listener-' || i || '@example.com', TRUE, '{ARGON2}', 'cus_' || ({FIRST} + i),
            'sub_' || ({FIRST} + i), 'active', 'pro', {FAR}, {now}, {now} FROM {numbers(url, users)};
        INSERT INTO sessions (id, user_id, refresh_digest, rotated_at, user_agent, created_at, last_seen_at, expires_at)
        SELECT 'ses_' || ({FIRST} + i), 'usr_' || ({FIRST} + i), 'digest-' || ({FIRST} + i), {now}, 'bench', {now},
            {now}, {FAR} FROM {numbers(url, users)};
        INSERT INTO subscriptions (id, customer_id, user_id, status, product_id, price_id, plan, interval, amount,
            currency, current_period_end, cancel_at_period_end, default_payment_method, card_brand, card_last4,
            version, settled_before, created_at, updated_at)
        SELECT 'sub_' || ({FIRST} + i), 'cus_' || ({FIRST} + i), 'usr_' || ({FIRST} + i), 'active', 'circle_pro',
            'price_pro', 'pro', 'month', 1500, 'usd', {FAR}, FALSE, 'pm_bench', 'visa', '4242', {start}, {start},
            {start}, {start} FROM {numbers(url, users)};
        INSERT INTO access_changes (id, user_id, at, cause, before, after)
        SELECT 'change_' || ({FIRST} + i), 'usr_' || ({FIRST} + i), {start}, 'bench', '{OUT}',
            '{IN}' || ({FIRST} + i) || '"}}' FROM {numbers(url, users)};
        INSERT INTO feeds (token_digest, user_id, version, created_at) VALUES {digests};
        CREATE TEMPORARY TABLE kept AS SELECT * FROM episodes ORDER BY number DESC LIMIT 1;
        UPDATE kept SET description_html = '<p>Links and credits.</p>';
        {more}
        DROP TABLE kept;
    """ + ("ANALYZE" if url.startswith("postgres") else ""))


def fill_events(url, count):
    """Events of the last 80 days without a payload, so that none is old enough to be taken away meanwhile."""
    span = 80 * 86400
    first = int(time.time()) - span
    made = f"{first} + i * {span} / {count}"
    if url.startswith("postgres"):
        indexes = Database.ask(url, "SELECT indexname || ':' || indexdef FROM pg_indexes WHERE tablename = 'events' "
                                    "AND indexname NOT LIKE '%_pkey'").splitlines()
    else:
        with contextlib.closing(sqlite3.connect(url)) as connection:
            indexes = [f"{name}:{text}" for name, text in connection.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'events' AND sql IS NOT NULL")]
    indexes = dict(index.split(":", 1) for index in indexes)
    # An index over rows that are there is made much faster than it grows row by row.
    run_sql(url, "".join(f"DROP INDEX {name};" for name in indexes) + f"""
        INSERT INTO events (id, kind, customer_id, object_id, livemode, created, received_at, state)
        SELECT 'evt_old_' || (100000000 + i), 'customer.subscription.updated', 'cus_' || ({FIRST} + i % 1000000),
            'sub_' || ({FIRST} + i % 1000000), FALSE, {made}, {made}, 'applied' FROM {numbers(url, count)};
        """ + ";".join(indexes.values()) + (";ANALYZE events" if url.startswith("postgres") else ""))


def fill_express(url, users):
    binary = "BYTEA" if url.startswith("postgres") else "BLOB"
    run_sql(url, f"""
        CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, password_digest TEXT NOT NULL,
            stripe_customer_id TEXT UNIQUE, subscription_status TEXT NOT NULL, plan TEXT,
            current_period_end BIGINT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
        CREATE TABLE events (id TEXT PRIMARY KEY, type TEXT NOT NULL, payload {binary} NOT NULL);
        INSERT INTO users SELECT 'usr_' || ({FIRST} + i), 'listener-' || i || '@example.com', '{BCRYPT}',
            'cus_' || ({FIRST} + i), 'active', 'pro', {FAR}, 1700000000, 1700000000 FROM {numbers(url, users)}""")


# --- Requests --------------------------------------------------------------------------------------------------------

def http(method, path, headers=(), body=b""):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def signed_in(method, path, bearer, headers=()):
    return http(method, path, [f"Authorization: Bearer {bearer}", *headers])


def log_in(user):
    body = json.dumps({"email": f"listener-{user}@example.com", "password": PASSWORD}).encode()
    return http("POST", "/api/auth/login", ["Content-Type: application/json"], body)


class Deliveries:
    """Renewals, each newer than the last one of its subscription, signed when they are asked for."""

    def __init__(self, users):
        self.users = users
        self.sent = 0
        self.start = int(time.time()) - 20 * 86400

    def take(self, count):
        template = event_template()
        parts = [part.encode() for part in template.split("@")]
        stamp = str(int(time.time()))
        key = WEBHOOK_SECRET.encode()
        first = self.sent
        self.sent += count
        for number in range(first, first + count):
            user = self.users[number % len(self.users)]
            turn = number // len(self.users)
            values = {
                b"event": b"evt_bench_%016d" % number, b"created": b"%d" % (self.start + turn),
                b"user": b"%d" % (FIRST + user), b"end": b"%d" % (FAR + turn),
            }
            body = b"".join(values.get(part, part) for part in parts)
            signature = sign(key, stamp.encode() + b"." + body).hex()
            yield http("POST", "/webhooks", ["Content-Type: application/json; charset=utf-8",
                                             f"Stripe-Signature: t={stamp},v1={signature}"], body)


def event_template():
    """A subscription's renewal in the shape that Stripe sends, with what changes between @."""
    price = {
        "id": "price_pro", "object": "price", "active": True, "billing_scheme": "per_unit", "created": 1679609767,
        "currency": "usd", "custom_unit_amount": None, "livemode": False, "lookup_key": "pro", "metadata": {},
        "nickname": None, "product": "circle_pro",
        "recurring": {"interval": "month", "interval_count": 1, "meter": None, "trial_period_days": None,
                      "usage_type": "licensed"},
        "tax_behavior": "exclusive", "tiers_mode": None, "transform_quantity": None, "type": "recurring",
        "unit_amount": 1500, "unit_amount_decimal": "1500",
    }
    plan = {
        "id": "price_pro", "object": "plan", "active": True, "amount": 1500, "amount_decimal": "1500",
        "billing_scheme": "per_unit", "created": 1679609767, "currency": "usd", "interval": "month",
        "interval_count": 1, "livemode": False, "metadata": {}, "meter": None, "nickname": None,
        "product": "circle_pro", "tiers_mode": None, "transform_usage": None, "trial_period_days": None,
        "usage_type": "licensed",
    }
    item = {
        "id": "si_@user@", "object": "subscription_item", "billing_thresholds": None, "created": 1679609768,
        "current_period_end": "@end@", "current_period_start": 1897408000, "discounts": [], "metadata": {},
        "plan": plan, "price": price, "quantity": 1, "subscription": "sub_@user@", "tax_rates": [],
    }
    subscription = {
        "id": "sub_@user@", "object": "subscription", "application": None, "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": 1679609767, "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": None, "type": "classic"}, "billing_thresholds": None, "cancel_at": None,
        "cancel_at_period_end": False, "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically", "created": 1679609767, "currency": "usd",
        "customer": "cus_@user@", "customer_account": None, "days_until_due": None,
        "default_payment_method": "pm_bench", "default_source": None, "default_tax_rates": [], "description": None,
        "discounts": [], "ended_at": None, "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": {"object": "list", "data": [item], "has_more": False, "total_count": 1,
                  "url": "/v1/subscription_items?subscription=sub_@user@"},
        "latest_invoice": "in_@event@", "livemode": False, "metadata": {}, "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None, "pause_collection": None,
        "payment_settings": {"payment_method_options": None, "payment_method_types": None,
                             "save_default_payment_method": "off"},
        "pending_invoice_item_interval": None, "pending_setup_intent": None, "pending_update": None, "plan": plan,
        "quantity": 1, "schedule": None, "start_date": 1679609767, "status": "active", "test_clock": None,
        "transfer_data": None, "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}}, "trial_start": None,
    }
    event = {
        "id": "@event@", "object": "event", "api_version": "2026-02-25.clover", "created": "@created@",
        "data": {"object": subscription,
                 "previous_attributes": {"items": {"data": [{"current_period_end": 1897408000}]},
                                         "latest_invoice": "in_before"}},
        "livemode": False, "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None},
        "type": "customer.subscription.updated",
    }
    text = json.dumps(event, indent=2)
    return text.replace('"@end@"', "@end@").replace('"@created@"', "@created@")
