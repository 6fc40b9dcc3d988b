DROP INDEX events_received;
