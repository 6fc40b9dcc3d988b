DROP INDEX users_email_to_tell;
ALTER TABLE users DROP COLUMN customer_email_try_at;
ALTER TABLE users DROP COLUMN customer_email_tries;
ALTER TABLE users DROP COLUMN customer_email;
