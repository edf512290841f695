-- Select the next batch of settled deposits whose ledger rows are old enough to delete.
-- The earlier of two clocks counts, so that a host whose clock is ahead removes nothing too early.
SELECT deposit_id, action, state, claimed_bytes, retried_at, finished_at
FROM contactsync.deposit
WHERE account_id = %(account_id)s AND state <> 'on'
    AND finished_at < least(statement_timestamp(), %(now)s) - make_interval(days => %(days)s)
    AND (finished_at, deposit_id) > (%(after_time)s, %(after_id)s)
ORDER BY finished_at, deposit_id
LIMIT %(count)s;
