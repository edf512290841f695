-- How long the stages of a deposit's last attempt took, in milliseconds, for `show`: {"read": 130, "merge": 1020}.

SET LOCAL search_path TO contactsync;

ALTER TABLE deposit ADD COLUMN stage_ms jsonb;
