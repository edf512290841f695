-- Lock the account, then the deposit, until the transaction ends.
-- The first lock keeps other writers out; the second keeps other daemons from settling the deposit.
SELECT a.revision, d.state
FROM contactsync.account AS a
JOIN contactsync.deposit AS d ON d.account_id = a.account_id
WHERE a.account_id = %(account_id)s AND d.account_id = %(account_id)s AND d.deposit_id = %(deposit_id)s
FOR UPDATE OF a, d;
