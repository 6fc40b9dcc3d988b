//! Tables of the sandbox's file.

/// Run at every start.
pub(super) const CREATE: &str = "
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    customer TEXT,
    parent TEXT,
    lookup TEXT,
    status TEXT,
    due BIGINT,
    body TEXT NOT NULL,
    private TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, seq);
CREATE INDEX IF NOT EXISTS objects_by_customer ON objects (kind, customer, seq) WHERE customer IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_by_parent ON objects (kind, parent, seq) WHERE parent IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_by_lookup ON objects (kind, lookup, seq) WHERE lookup IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_by_status ON objects (kind, status, seq) WHERE status IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_by_due ON objects (due, seq) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    event TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due BIGINT NOT NULL,
    status BIGINT,
    failure TEXT,
    created BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due, id) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    delivery BIGINT NOT NULL,
    time BIGINT NOT NULL,
    status BIGINT,
    failure TEXT,
    answer TEXT
);
CREATE INDEX IF NOT EXISTS attempts_by_delivery ON attempts (delivery);
CREATE TABLE IF NOT EXISTS replays (
    key TEXT PRIMARY KEY NOT NULL,
    fingerprint TEXT NOT NULL,
    request TEXT NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    created BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS replays_by_age ON replays (created);
CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    message_id TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    reply_to TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT,
    created BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);
";

diesel::table! {
    objects (seq) {
        seq -> BigInt,
        kind -> Text,
        id -> Text,
        customer -> Nullable<Text>,
        parent -> Nullable<Text>,
        lookup -> Nullable<Text>,
        status -> Nullable<Text>,
        due -> Nullable<BigInt>,
        body -> Text,
        private -> Text,
    }
}

diesel::table! {
    deliveries (id) {
        id -> BigInt,
        event -> Text,
        endpoint -> Text,
        state -> Text,
        attempts -> BigInt,
        due -> BigInt,
        status -> Nullable<BigInt>,
        failure -> Nullable<Text>,
        created -> BigInt,
    }
}

diesel::table! {
    attempts (id) {
        id -> BigInt,
        delivery -> BigInt,
        time -> BigInt,
        status -> Nullable<BigInt>,
        failure -> Nullable<Text>,
        answer -> Nullable<Text>,
    }
}

diesel::table! {
    replays (key) {
        key -> Text,
        fingerprint -> Text,
        request -> Text,
        status -> BigInt,
        body -> Text,
        created -> BigInt,
    }
}

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    mails (id) {
        id -> BigInt,
        message_id -> Text,
        sender -> Text,
        recipient -> Text,
        reply_to -> Text,
        subject -> Text,
        text -> Text,
        html -> Nullable<Text>,
        created -> BigInt,
    }
}
