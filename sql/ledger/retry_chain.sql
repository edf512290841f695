-- Select a deposit, those that it retries and those that retry it, oldest first.
WITH RECURSIVE earlier AS (
    SELECT account_id, deposit_id, retry_of
    FROM contactsync.deposit
    WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s
    UNION
    SELECT d.account_id, d.deposit_id, d.retry_of
    FROM earlier AS e
    JOIN contactsync.deposit AS d ON d.account_id = e.account_id AND d.deposit_id = e.retry_of
    WHERE d.account_id = %(account_id)s
), later AS (
    SELECT account_id, deposit_id
    FROM contactsync.deposit
    WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s
    UNION
    SELECT d.account_id, d.deposit_id
    FROM later AS e
    JOIN contactsync.deposit AS d ON d.account_id = e.account_id AND d.retry_of = e.deposit_id
    WHERE d.account_id = %(account_id)s
)
SELECT d.deposit_id, d.state, d.reason, d.deposited_at, d.finished_at
FROM contactsync.deposit AS d
WHERE
    d.account_id = %(account_id)s
    AND d.deposit_id IN (SELECT deposit_id FROM earlier UNION SELECT deposit_id FROM later)
ORDER BY d.deposit_id;
