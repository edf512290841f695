-- What each report contained (protocol 6): its bounds, and which reactions. It is compared with the reactions that
-- are there now, so that a day whose reactions changed is published again.

SET LOCAL search_path TO contactsync;

CREATE TABLE report_day (
    account_id   bigint NOT NULL REFERENCES account,
    day          date NOT NULL,
    -- The account's at that time. A later change moves no reaction from one day to another.
    time_zone    text NOT NULL,
    since        timestamptz NOT NULL,
    until        timestamptz NOT NULL CHECK (until >= since),
    -- When its data was read. Before `until`: the day had not ended. Null: it expired before it was recorded.
    published_at timestamptz,
    -- How many reactions its report has, and the sum of their ids: both change if one is added or erased.
    reactions    bigint NOT NULL,
    reaction_ids numeric NOT NULL,
    PRIMARY KEY (account_id, day)
);

-- Shows which reactions came after their day had left the retention. Null: before this migration.
ALTER TABLE reaction ADD COLUMN recorded_at timestamptz;
ALTER TABLE reaction ALTER COLUMN recorded_at SET DEFAULT clock_timestamp();
