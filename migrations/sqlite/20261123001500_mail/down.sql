ALTER TABLE users DROP COLUMN pending_email;
DROP TABLE registrations;
DROP TABLE outbox;
