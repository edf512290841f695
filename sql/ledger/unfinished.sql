-- Select the deposits of an account that are in on/ according to the ledger.
SELECT deposit_id, action, name, name_bytes, claimed_bytes, deposited_at, claimed_at, size_bytes, sha256, mode,
       attempts, place
FROM contactsync.deposit
WHERE account_id = %(account_id)s AND state = 'on';
