-- Find a deposit of the same name with a header line and a stamp in this range. Claimed names begin with the stamp, so
-- the key's index serves.
SELECT deposit_id
FROM contactsync.deposit
WHERE
    account_id = %(account_id)s AND action = %(action)s AND claimed_bytes >= %(first)s AND claimed_bytes < %(claimed_bytes)s
    AND name_bytes = %(name_bytes)s AND (reason IS NULL OR reason <> ALL (%(headerless)s))
LIMIT 1;
