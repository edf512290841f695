-- Files that an account had applied before, the confirmation of a refused one, and waiting times of an account's own.

SET LOCAL search_path TO contactsync;

ALTER TABLE account
    -- Null: the daemon's own setting.
    ADD COLUMN settle_seconds double precision CHECK (settle_seconds BETWEEN 0 AND 86400),
    ADD COLUMN grace_seconds double precision CHECK (grace_seconds BETWEEN 0 AND 86400),
    -- A file that was applied before: warn and refuse only opt-ins, apply all, or refuse all.
    ADD COLUMN repeats text NOT NULL DEFAULT 'warn' CHECK (repeats IN ('warn', 'apply', 'refuse'));

-- The uploader or an operator has confirmed the deposit, which was refused before to ask for that.
ALTER TABLE deposit ADD COLUMN confirmed boolean NOT NULL DEFAULT false;

-- The earlier deposits of a file.
CREATE INDEX deposit_repeat ON deposit (account_id, sha256) WHERE state = 'ok';
