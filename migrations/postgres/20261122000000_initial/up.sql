-- Times are Unix seconds. Text columns hold Stripe's own words where Stripe has one.

-- Which Stripe this database belongs to, the portal configuration, and other single facts.
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    email_verified BOOLEAN NOT NULL DEFAULT FALSE,
    password_digest TEXT NOT NULL,
    stripe_customer_id TEXT UNIQUE,
    billing_email TEXT,
    -- Derived from all of the user's subscriptions and grants, in the commit that changes one.
    subscription_id TEXT,
    subscription_status TEXT NOT NULL DEFAULT 'incomplete',
    plan TEXT,
    access_until BIGINT,
    had_trial BOOLEAN NOT NULL DEFAULT FALSE,
    feed_version BIGINT NOT NULL DEFAULT 1,
    deletion_requested_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX users_access_until ON users (access_until);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    refresh_digest TEXT NOT NULL UNIQUE,
    previous_digest TEXT,
    rotated_at BIGINT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_previous ON sessions (previous_digest);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Single-use tokens sent by mail; only their SHA-256 is kept.
CREATE TABLE mailed_tokens (
    digest TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    email TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX mailed_tokens_user ON mailed_tokens (user_id);

CREATE TABLE rate_limits (
    name TEXT NOT NULL PRIMARY KEY,
    window_start BIGINT NOT NULL,
    hits BIGINT NOT NULL
);

-- Private feed addresses, past ones too, so that a replaced one answers 410 and not 404.
CREATE TABLE feeds (
    token_digest TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    replaced_at BIGINT
);
CREATE INDEX feeds_user ON feeds (user_id);

-- The prices on offer and every price that was: old ones still name the plan of old subscribers.
CREATE TABLE prices (
    id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL,
    plan TEXT NOT NULL,
    -- 'month', 'year', or 'once' for a setup fee.
    interval TEXT NOT NULL,
    lookup_key TEXT UNIQUE,
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX prices_product ON prices (product_id);

-- Customer ids a user had before; what still arrives for them raises an alert.
CREATE TABLE former_customers (
    customer_id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT,
    reason TEXT NOT NULL,
    retired_at BIGINT NOT NULL
);

CREATE TABLE subscriptions (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL,
    user_id TEXT REFERENCES users (id) ON DELETE SET NULL,
    status TEXT NOT NULL,
    product_id TEXT,
    price_id TEXT,
    plan TEXT,
    interval TEXT,
    amount BIGINT,
    currency TEXT NOT NULL,
    current_period_end BIGINT,
    cancel_at BIGINT,
    cancel_at_period_end BOOLEAN NOT NULL,
    ended_at BIGINT,
    trial_end BIGINT,
    pause_behavior TEXT,
    pause_resumes_at BIGINT,
    -- `created` of the oldest open, attempted invoice while the status is past_due.
    past_due_since BIGINT,
    -- End of the last paid period while invoices are voided: Stripe renews such a subscription all the same.
    paid_until BIGINT,
    default_payment_method TEXT,
    card_brand TEXT,
    card_last4 TEXT,
    card_exp_month BIGINT,
    card_exp_year BIGINT,
    end_reason TEXT,
    -- Stripe's `created` of what was last applied; a refresh sets Stripe's `Date`.
    version BIGINT NOT NULL,
    -- Events stamped before this second are known to be in the row; a refresh sets the second it was sent in.
    settled_before BIGINT NOT NULL,
    refresh_no BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX subscriptions_customer ON subscriptions (customer_id);
CREATE INDEX subscriptions_user ON subscriptions (user_id);
CREATE INDEX subscriptions_created ON subscriptions (created_at);
CREATE INDEX subscriptions_period_end ON subscriptions (current_period_end) WHERE status IN ('active', 'trialing');

-- Access without Stripe, given by the operator.
CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    plan TEXT NOT NULL,
    until BIGINT,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX grants_user ON grants (user_id);

CREATE TABLE access_changes (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    -- An event's id, or what else caused it: refresh, reconcile, grant, clock.
    cause TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL
);
CREATE INDEX access_changes_user ON access_changes (user_id, at);

CREATE TABLE checkout_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    plan TEXT NOT NULL,
    interval TEXT NOT NULL,
    price_id TEXT NOT NULL,
    status TEXT NOT NULL,
    url TEXT,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX checkout_sessions_user ON checkout_sessions (user_id);

-- One row per user who is on the way to Checkout: the lease that lets one request at a time talk
-- to Stripe, and the attempt numbers that make its idempotency keys.
CREATE TABLE checkout_leases (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    holder TEXT,
    leased_until BIGINT NOT NULL DEFAULT 0,
    customer_attempt BIGINT NOT NULL DEFAULT 0,
    session_attempt BIGINT NOT NULL DEFAULT 0
);

-- The inbox: every verified event once, by Stripe's id.
CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    customer_id TEXT,
    object_id TEXT,
    api_version TEXT,
    livemode BOOLEAN NOT NULL,
    created BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    -- received, applied, ignored, failed
    state TEXT NOT NULL,
    reason TEXT,
    error TEXT,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_try_at BIGINT,
    holder TEXT,
    leased_until BIGINT NOT NULL DEFAULT 0,
    -- The verified body, deflated; null once erased.
    payload BYTEA
);
CREATE INDEX events_customer ON events (customer_id);
CREATE INDEX events_object ON events (object_id);
CREATE INDEX events_next_try ON events (next_try_at) WHERE next_try_at IS NOT NULL;

-- What must be read from Stripe again: a subscription, or all subscriptions of a customer.
CREATE TABLE refreshes (
    -- A `sub_…` or `cus_…` id.
    target TEXT NOT NULL PRIMARY KEY,
    cause TEXT NOT NULL,
    -- Counts requests, so that one that comes during a refresh is not lost.
    requests BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_try_at BIGINT NOT NULL,
    holder TEXT,
    leased_until BIGINT NOT NULL DEFAULT 0,
    error TEXT
);
CREATE INDEX refreshes_next_try ON refreshes (next_try_at);

-- Work that one process at a time does: reconcile, clock, pruning.
CREATE TABLE job_leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT,
    leased_until BIGINT NOT NULL DEFAULT 0,
    last_run_at BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE alerts (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    message TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    resolved_at BIGINT,
    UNIQUE (kind, subject)
);

CREATE TABLE episodes (
    id TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    guid TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    description_html TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    -- Seconds.
    duration BIGINT NOT NULL,
    -- The lowest plan that opens it; null when it is free.
    required_plan TEXT,
    -- A file name in the media folder, or an http(s) address.
    audio TEXT NOT NULL,
    audio_type TEXT NOT NULL,
    -- Bytes.
    audio_size BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX episodes_published ON episodes (published_at);

-- Feeds that were imported, for conditional requests.
CREATE TABLE feed_sources (
    url TEXT NOT NULL PRIMARY KEY,
    etag TEXT,
    last_modified TEXT,
    imported_at BIGINT NOT NULL
);
