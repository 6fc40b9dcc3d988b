-- The address that the listener's customer at Stripe was last told; another one than the login, once that is
-- verified, is to be told. The try is also the lease: whoever moves it holds the work until then.
ALTER TABLE users ADD COLUMN customer_email TEXT;
ALTER TABLE users ADD COLUMN customer_email_tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN customer_email_try_at BIGINT NOT NULL DEFAULT 0;
UPDATE users SET customer_email = email WHERE stripe_customer_id IS NOT NULL;
CREATE INDEX users_email_to_tell ON users (customer_email_try_at) WHERE customer_email <> email AND email_verified;
