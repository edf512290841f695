-- Select the next batch of deposits that can be undone no longer.
-- The earlier of two clocks counts, so that a host whose clock is ahead removes nothing too early.
SELECT deposit_id, finished_at
FROM contactsync.deposit
WHERE
    account_id = %(account_id)s AND undo IS NOT NULL
    AND finished_at < least(statement_timestamp(), %(now)s) - make_interval(days => %(days)s)
ORDER BY finished_at, deposit_id
LIMIT %(count)s;
