DROP INDEX events_waiting_object;
CREATE INDEX events_object ON events (object_id);
