-- Counts the changes of the episodes, whoever makes them, so that a process knows when what it keeps in memory is old.
CREATE TABLE library_version (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);
INSERT INTO library_version (id, version) VALUES (1, 0);

CREATE TRIGGER episodes_inserted AFTER INSERT ON episodes BEGIN
    UPDATE library_version SET version = version + 1;
END;
CREATE TRIGGER episodes_updated AFTER UPDATE ON episodes BEGIN
    UPDATE library_version SET version = version + 1;
END;
CREATE TRIGGER episodes_deleted AFTER DELETE ON episodes BEGIN
    UPDATE library_version SET version = version + 1;
END;
