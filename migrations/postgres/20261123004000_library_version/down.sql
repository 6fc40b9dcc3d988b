DROP TRIGGER episodes_changed ON episodes;
DROP FUNCTION count_library_change();
DROP TABLE library_version;
