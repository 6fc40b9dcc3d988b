DROP TABLE downloads;
ALTER TABLE episodes DROP COLUMN chapters;
ALTER TABLE episodes DROP COLUMN search_text;
