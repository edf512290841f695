-- What `retry` and retention remember of a deposit. An older daemon may go on beside this: it names its columns.

SET LOCAL search_path TO contactsync;

ALTER TABLE deposit
    ADD COLUMN retried_at timestamptz,  -- when ops put the refused file back into line
    ADD COLUMN retry_of   bigint,       -- the deposit that this one was, when it was refused
    ADD COLUMN tidied_at  timestamptz;  -- when its files were removed for their age

CREATE INDEX deposit_retried ON deposit (account_id) WHERE retried_at IS NOT NULL;
CREATE INDEX deposit_retry ON deposit (account_id, retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX deposit_finished ON deposit (account_id, finished_at, deposit_id);
CREATE INDEX deposit_untidied ON deposit (account_id, finished_at, deposit_id)
    WHERE tidied_at IS NULL AND state <> 'on';
