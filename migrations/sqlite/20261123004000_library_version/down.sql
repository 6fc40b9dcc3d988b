DROP TRIGGER episodes_inserted;
DROP TRIGGER episodes_updated;
DROP TRIGGER episodes_deleted;
DROP TABLE library_version;
