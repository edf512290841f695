-- What operators set and see: accounts that are not served, and how long the stages of a deposit took.

SET LOCAL search_path TO contactsync;

-- Since when the account is not served; null while it is.
ALTER TABLE account ADD COLUMN disabled_at timestamptz;

-- Of the last attempt, in milliseconds: {"read": 130, "merge": 1020}.
ALTER TABLE deposit ADD COLUMN stage_ms jsonb;

-- The last applied and the last refused deposit of each action, for metrics and pages.
CREATE INDEX deposit_latest ON deposit (account_id, action, state, finished_at);
