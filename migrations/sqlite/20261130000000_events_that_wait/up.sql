-- Events are looked for by their object only while they wait: the others need no place in an index.
DROP INDEX events_object;
CREATE INDEX events_waiting_object ON events (object_id) WHERE state = 'received';
