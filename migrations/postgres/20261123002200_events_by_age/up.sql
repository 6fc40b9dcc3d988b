-- Old events are removed, and new ones listed, by when they came.
CREATE INDEX events_received ON events (received_at);
