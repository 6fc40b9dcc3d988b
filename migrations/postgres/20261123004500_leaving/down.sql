DROP TABLE remembered_trials;
DROP INDEX users_leaving;
ALTER TABLE users DROP COLUMN pseudonym;
ALTER TABLE users DROP COLUMN deletion_try_at;
ALTER TABLE users DROP COLUMN deletion_tries;
