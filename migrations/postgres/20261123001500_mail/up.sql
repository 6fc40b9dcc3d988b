-- Mails, each in the commit that caused it. A finished row keeps its cause and nothing personal.
CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    cause TEXT NOT NULL UNIQUE,
    -- No reference: the last mail to somebody outlives the account.
    user_id TEXT,
    recipient TEXT,
    -- What it is about, as JSON; its words are made when it is sent.
    data TEXT,
    created_at BIGINT NOT NULL,
    -- When it is of no use any more and given up.
    useless_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_try_at BIGINT,
    holder TEXT,
    leased_until BIGINT NOT NULL DEFAULT 0,
    error TEXT,
    finished_at BIGINT
);
CREATE INDEX outbox_next_try ON outbox (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX outbox_user ON outbox (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX outbox_finished ON outbox (finished_at) WHERE finished_at IS NOT NULL;

-- Accounts that are made once their address is confirmed, where registering must not tell who has one.
CREATE TABLE registrations (
    digest TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    password_digest TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX registrations_expiry ON registrations (expires_at);

-- The address that the account gets once it is confirmed.
ALTER TABLE users ADD COLUMN pending_email TEXT;
