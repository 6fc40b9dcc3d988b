-- What the search looks through: title, summary and notes as plain text in lower case.
ALTER TABLE episodes ADD COLUMN search_text TEXT NOT NULL DEFAULT '';
UPDATE episodes SET search_text = lower(title || ' ' || summary);

-- JSON, in order: [{"start": seconds, "title": text}].
ALTER TABLE episodes ADD COLUMN chapters TEXT NOT NULL DEFAULT '[]';

-- One row for each episode, listener and day, however often the audio was asked for.
CREATE TABLE downloads (
    episode_id TEXT NOT NULL,
    -- Days since 1970-01-01 in UTC.
    day BIGINT NOT NULL,
    -- A keyed hash that changes every day: it tells listeners apart and does not name them.
    listener TEXT NOT NULL,
    -- Through the private feed, and not the site's player.
    by_feed BOOLEAN NOT NULL,
    PRIMARY KEY (episode_id, day, listener)
);
CREATE INDEX downloads_day ON downloads (day);
