-- Deposits that were only checked: their effects were counted and rolled back.

SET LOCAL search_path TO contactsync;

ALTER TABLE deposit ADD COLUMN dry_run boolean NOT NULL DEFAULT false;
