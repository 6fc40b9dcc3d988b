-- Counts the changes of the episodes, whoever makes them, so that a process knows when what it keeps in memory is old.
CREATE TABLE library_version (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);
INSERT INTO library_version (id, version) VALUES (1, 0);

CREATE FUNCTION count_library_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE library_version SET version = version + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER episodes_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON episodes
    FOR EACH STATEMENT EXECUTE FUNCTION count_library_change();
