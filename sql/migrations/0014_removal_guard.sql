-- How many contacts one file may remove (mode 3) or delete before it waits for a confirmation.

SET LOCAL search_path TO contactsync;

ALTER TABLE account
    -- Null: no limit. A count, and percent of the list or of the account's contacts; each of the two holds.
    ADD COLUMN max_removals integer CHECK (max_removals >= 0),
    ADD COLUMN max_removal_percent double precision CHECK (max_removal_percent BETWEEN 0 AND 100);
