-- Hold the account against other writers until the transaction ends, and then the deposit: no other daemon is to finish it.
SELECT a.revision, d.state
FROM contactsync.account AS a
JOIN contactsync.deposit AS d ON d.account_id = a.account_id
WHERE a.account_id = %(account_id)s AND d.account_id = %(account_id)s AND d.deposit_id = %(deposit_id)s
FOR UPDATE OF a, d;
