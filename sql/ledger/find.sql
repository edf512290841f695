-- Select the deposit of a file in on/.
SELECT deposit_id, name, name_bytes, deposited_at, claimed_at, size_bytes, sha256, mode, state, result, attempts,
       place
FROM contactsync.deposit
WHERE account_id = %(account_id)s AND action = %(action)s AND claimed_bytes = %(claimed_bytes)s;
