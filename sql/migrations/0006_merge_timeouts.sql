-- How often the merge of a deposit took longer than the server allows: after three times, it is refused.

SET LOCAL search_path TO contactsync;

ALTER TABLE deposit ADD COLUMN merge_timeouts integer NOT NULL DEFAULT 0;
