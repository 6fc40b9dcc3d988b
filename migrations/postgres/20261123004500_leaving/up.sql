-- An account that waits to be deleted: when Stripe is asked next to end what it pays for. The try is also the lease:
-- whoever moves it holds the work until then.
ALTER TABLE users ADD COLUMN deletion_tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN deletion_try_at BIGINT NOT NULL DEFAULT 0;
-- The keyed hash of its address, which a used trial is remembered by.
ALTER TABLE users ADD COLUMN pseudonym TEXT;
CREATE INDEX users_leaving ON users (deletion_try_at) WHERE deletion_requested_at IS NOT NULL;

-- Who had a trial, of those who are gone: keyed hashes of their addresses.
CREATE TABLE remembered_trials (
    pseudonym TEXT NOT NULL PRIMARY KEY,
    remembered_at BIGINT NOT NULL
);
