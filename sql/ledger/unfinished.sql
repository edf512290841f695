-- The deposits of an account that the ledger believes to be in on/.
SELECT deposit_id, action, name, name_bytes, claimed_bytes, deposited_at, claimed_at, size_bytes, sha256, mode,
       attempts
FROM contactsync.deposit
WHERE account_id = %(account_id)s AND state = 'on';
